"""What stands between visitors and the app: who is let in, how much is taken, and what goes."""

from app.server.doors import Doors
from app.server.hosts import Hosts
from app.server.lifetime import live
from app.server.page_documents import list_documents

__all__ = ["Doors", "Hosts", "list_documents", "live"]
