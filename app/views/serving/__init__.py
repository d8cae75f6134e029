"""Cuts of a model in parts for serving, as a figure, rows and words; pure functions."""

from app.views.serving.cuts import cut_rows, cuts_figure, list_cuts, name_cut, why_online
from app.views.serving.parts import WHEN, headline, part_rows

__all__ = [
    "WHEN",
    "cut_rows",
    "cuts_figure",
    "headline",
    "list_cuts",
    "name_cut",
    "part_rows",
    "why_online",
]
