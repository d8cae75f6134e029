"""Feature layouts as strips, moves, fragments and decisions; pure functions."""

from app.views.layout.decisions import count_actions, decision_rows, sum_up
from app.views.layout.fragments import fragment_cost, fragment_figure
from app.views.layout.input_order import (
    index_in_words,
    order_csv,
    order_json,
    order_python,
    order_text,
    slot_rows,
)
from app.views.layout.moves import find_moves, move_rows
from app.views.layout.strips import (
    SharedLayout,
    columns_figure,
    explain,
    layout_figure,
    read_span,
    share_layouts,
)

__all__ = [
    "SharedLayout",
    "columns_figure",
    "count_actions",
    "decision_rows",
    "explain",
    "find_moves",
    "fragment_cost",
    "fragment_figure",
    "index_in_words",
    "layout_figure",
    "move_rows",
    "order_csv",
    "order_json",
    "order_python",
    "order_text",
    "read_span",
    "share_layouts",
    "slot_rows",
    "sum_up",
]
