"""Runs of a model, drawn side by side."""

from app.components.runs.compare import show_runs

__all__ = ["show_runs"]
