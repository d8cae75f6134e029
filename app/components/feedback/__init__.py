"""What pages show of their work: what it is worth, progress, errors, the next step, the command."""

from app.components.feedback.headline import show_headline
from app.components.feedback.progress import show_progress
from app.components.feedback.steps import show_command, show_error, show_missing, show_next

__all__ = [
    "show_command",
    "show_error",
    "show_headline",
    "show_missing",
    "show_next",
    "show_progress",
]
