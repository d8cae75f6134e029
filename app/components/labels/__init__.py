"""The Labels page, drawn: the table, answers, changes in bulk, packed inputs, and Confirm."""

from app.components.labels.confirm import show_choices, show_confirm
from app.components.labels.packed_input import edit_packed
from app.components.labels.rows import edit_rows
from app.components.labels.tools import change_labels

__all__ = ["change_labels", "edit_packed", "edit_rows", "show_choices", "show_confirm"]
