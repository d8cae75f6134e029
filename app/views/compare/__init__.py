"""What differs between two models or exports, in figures, rows and words; pure functions."""

from app.views.compare.difference import (
    change_rows,
    count_changes,
    flops_cards,
    verdict,
    weight_rows,
    weights_line,
)

__all__ = [
    "change_rows",
    "count_changes",
    "flops_cards",
    "verdict",
    "weight_rows",
    "weights_line",
]
