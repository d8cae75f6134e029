"""The Download page, drawn: the certificate, and the files."""

from app.components.download.certificate import show_certificate
from app.components.download.files import offer_files

__all__ = ["offer_files", "show_certificate"]
