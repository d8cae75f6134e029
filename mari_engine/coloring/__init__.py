"""The paper's graph coloring: which values are the request's and which the candidates'."""

from mari_engine.coloring.column_tags import ColumnTags
from mari_engine.coloring.graph_coloring import (
    color,
    color_by_form,
    color_surveyed,
    propagate_sides,
)

__all__ = ["ColumnTags", "color", "color_by_form", "color_surveyed", "propagate_sides"]
