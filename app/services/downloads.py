"""The files that a session may take away, made when they are asked for."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import mari_engine as mari

MOST_BYTES = 1 << 30
"""A larger model does not fit through a browser; it is written to a folder on the server."""


def save_once(result: mari.OptimizeResult | mari.OffloadResult, folder: Path) -> Path:
    """Write the artifact to this folder unless it is there; raises VerificationError."""
    if not (folder / "manifest.json").is_file():
        with mari.isolated(ahead=True):
            result.save(folder)
    return folder


def pack(folder: Path, report: str, review: mari.Review | None) -> bytes:
    """Return the artifact as a zip, with this report in place of the saved one, and the review."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name != "report.html":
                archive.write(path, path.name)
        archive.writestr("report.html", report)
        if review is not None:
            text = json.dumps(review.to_json(), indent=2, ensure_ascii=False)
            archive.writestr("review.json", text + "\n")
    return packed.getvalue()


def pack_parts(result: mari.OffloadResult, folder: Path, review: mari.Review | None) -> bytes:
    """Return a model's parts as a zip, written to this folder first; raises VerificationError."""
    save_once(result, folder)
    return pack(folder, (folder / "report.html").read_text(encoding="utf-8"), review)
