"""Notes and sign-offs as HTML and rows; pure functions."""

from app.views.review.notes import (
    SUBJECTS,
    list_subjects,
    note_html,
    order_notes,
    review_rows,
    sign_off_html,
    sum_up_section,
)

__all__ = [
    "SUBJECTS",
    "list_subjects",
    "note_html",
    "order_notes",
    "review_rows",
    "sign_off_html",
    "sum_up_section",
]
