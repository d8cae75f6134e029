"""Messages without the places where a server keeps a visitor's files."""

from __future__ import annotations

import os
from pathlib import Path


def without_folder(text: str, folder: Path) -> str:
    """Return a message without the server's folder in the paths that it names."""
    return text.replace(f"{folder}{os.sep}", "").replace(str(folder), "upload")
