"""A model cut in parts for serving: the choice among its cuts, and the parts."""

from app.components.serving.capacity import show_capacity
from app.components.serving.cuts import choose_cut, choose_store
from app.components.serving.parts import explain_parts, show_parts

__all__ = ["choose_cut", "choose_store", "explain_parts", "show_capacity", "show_parts"]
