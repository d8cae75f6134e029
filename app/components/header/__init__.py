"""What stands above every page: the status line, the link to share, the terms."""

from app.components.header.share import show_share
from app.components.header.status import show_notice, show_status
from app.components.header.terms import show_terms

__all__ = ["show_notice", "show_share", "show_status", "show_terms"]
