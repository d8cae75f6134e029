"""Notes and sign-offs of a review, drawn beside each page."""

from app.components.review.section import show_overview, show_review

__all__ = ["show_overview", "show_review"]
