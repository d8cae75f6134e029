"""Cuts of a model in parts for serving, and its capacity: figures, rows and words; pure."""

from app.views.serving.capacity import capacity_cards, capacity_figure, capacity_table
from app.views.serving.cuts import cut_rows, cuts_figure, list_cuts, name_cut, why_online
from app.views.serving.parts import WHEN, headline, part_rows

__all__ = [
    "WHEN",
    "capacity_cards",
    "capacity_figure",
    "capacity_table",
    "cut_rows",
    "cuts_figure",
    "headline",
    "list_cuts",
    "name_cut",
    "part_rows",
    "why_online",
]
