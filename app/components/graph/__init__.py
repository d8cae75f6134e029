"""The colored graph, drawn in the browser, with the panel beside it."""

from app.components.graph.drawings import draw_ahead
from app.components.graph.panel import show_graph_panel

__all__ = ["draw_ahead", "show_graph_panel"]
