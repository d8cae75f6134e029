"""The Layout page, drawn: fusion layers, input order, decisions, and the cost of fragments."""

from app.components.layout.decisions import show_decisions
from app.components.layout.fragment_cost import show_fragment_cost
from app.components.layout.fusion_layers import show_layers
from app.components.layout.input_order import show_input_order

__all__ = ["show_decisions", "show_fragment_cost", "show_input_order", "show_layers"]
