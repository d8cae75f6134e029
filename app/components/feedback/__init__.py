"""What every page shows of running work: progress, errors, the next step, the command."""

from app.components.feedback.progress import show_progress
from app.components.feedback.steps import show_command, show_error, show_missing, show_next

__all__ = ["show_command", "show_error", "show_missing", "show_next", "show_progress"]
