"""The Compare page, drawn: what to compare with, and what differs."""

from app.components.compare.difference import show_difference
from app.components.compare.exports import compare_exports
from app.components.compare.upload import choose_other

__all__ = ["choose_other", "compare_exports", "show_difference"]
