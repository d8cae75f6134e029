"""Figures, certificates and selections in words."""

from mari_engine.wording.capacity import capacity_in_words, capacity_rows, load_command
from mari_engine.wording.certificate import certificate_in_words
from mari_engine.wording.changes import change_in_words, changes_in_words, difference_in_words
from mari_engine.wording.flops import pairs_in_words
from mari_engine.wording.headline import headline_in_words, speedup_in_words
from mari_engine.wording.labels import (
    LABELS_FILE,
    NOBODY,
    axis_in_words,
    name_label,
    voucher_of,
    vouchers_in_words,
)
from mari_engine.wording.name_lists import first_names
from mari_engine.wording.nodes import nodes_in_words
from mari_engine.wording.numbers import (
    Verbatim,
    escape_markdown,
    format_band,
    format_count,
    format_error,
    format_ranges,
    format_ratio,
    format_seconds,
    format_times,
    format_whole,
    make_plain,
)
from mari_engine.wording.selection import break_even_in_words, selection_in_words

__all__ = [
    "LABELS_FILE",
    "NOBODY",
    "Verbatim",
    "axis_in_words",
    "break_even_in_words",
    "capacity_in_words",
    "capacity_rows",
    "certificate_in_words",
    "change_in_words",
    "changes_in_words",
    "difference_in_words",
    "escape_markdown",
    "first_names",
    "format_band",
    "format_count",
    "format_error",
    "format_ranges",
    "format_ratio",
    "format_seconds",
    "format_times",
    "format_whole",
    "headline_in_words",
    "load_command",
    "make_plain",
    "name_label",
    "nodes_in_words",
    "pairs_in_words",
    "selection_in_words",
    "speedup_in_words",
    "voucher_of",
    "vouchers_in_words",
]
