"""The paper's graph coloring: which values are the request's and which the candidates'."""

from mari_engine.coloring.column_tags import Paint
from mari_engine.coloring.graph_coloring import color, color_surveyed, paint_sides

__all__ = ["Paint", "color", "color_surveyed", "paint_sides"]
