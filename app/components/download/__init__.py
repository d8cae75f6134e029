"""The Download page, drawn: the certificate, the files, and requests to check with."""

from app.components.download.certificate import show_certificate
from app.components.download.files import offer_files
from app.components.download.requests import offer_requests

__all__ = ["offer_files", "offer_requests", "show_certificate"]
