"""What the browser does for the app: one entry of its history a page."""

from app.components.browser.history import keep_history

__all__ = ["keep_history"]
