"""The JSON documents of an artifact's folder: written for people to read, and read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mari_engine.errors import ModelError
from mari_engine.types import JsonError, parse_json, to_plain


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write an object as indented JSON that ends in a newline."""
    text = json.dumps(to_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_document(path: Path) -> dict[str, Any]:
    """Return the object that a file holds; raises ModelError naming the file, and the line."""
    try:
        document = parse_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot be read; give the folder of an artifact") from error
    except JsonError as error:
        raise ModelError(f"{path}: line {error.line} is not JSON; save it again") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path}: must be an object; save it again")
    return document
