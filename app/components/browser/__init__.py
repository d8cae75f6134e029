"""What the browser does for the app: one history entry a page, and work that is found again."""

from app.components.browser.kept_work import watch_work
from app.components.browser.script import run_script

__all__ = ["keep_history", "watch_work"]


def keep_history() -> None:
    """Let changes of a page's parameters replace its entry in the history instead of adding one."""
    run_script("history_entries")
