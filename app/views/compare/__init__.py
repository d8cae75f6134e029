"""What differs between two models or exports, in figures, rows and words; pure functions."""

from app.views.compare.difference import (
    change_rows,
    count_changes,
    flops_cards,
    verdict,
    weight_rows,
    weights_line,
)
from app.views.compare.exports import export_rows, export_verdict, read_conditions

__all__ = [
    "change_rows",
    "count_changes",
    "export_rows",
    "export_verdict",
    "flops_cards",
    "read_conditions",
    "verdict",
    "weight_rows",
    "weights_line",
]
