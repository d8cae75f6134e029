"""Graph diff: two models or artifacts aligned node by node, and what differs between them."""

from mari_engine.graph_diff.comparison import Compared, diff, diff_structures

__all__ = ["Compared", "diff", "diff_structures"]
