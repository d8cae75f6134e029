"""Runs of a model side by side; pure functions."""

from app.views.runs.table import compare_runs, differ_in

__all__ = ["compare_runs", "differ_in"]
