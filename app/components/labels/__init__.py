"""The Labels page, drawn: the table, changes in bulk, packed inputs, and Confirm."""

from app.components.labels.confirm import show_confirm
from app.components.labels.packed_input import edit_packed
from app.components.labels.table import edit_labels
from app.components.labels.tools import change_labels

__all__ = ["change_labels", "edit_labels", "edit_packed", "show_confirm"]
