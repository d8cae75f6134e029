"""Graph diff: two models or artifacts aligned node by node, and what differs between them."""

from mari_engine.graph_diff.comparison import Compared, diff, diff_structures
from mari_engine.graph_diff.table_growth import cut_grown_tables

__all__ = ["Compared", "cut_grown_tables", "diff", "diff_structures"]
