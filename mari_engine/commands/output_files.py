"""Files that commands write: whole, and over nothing but what the same command wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mari_engine.errors import MariError
from mari_engine.files import write_whole
from mari_engine.types import Column, InputLabel, Labels, read_object

Recognize = Callable[[Path], bool]
_OPTIONAL = frozenset({"measurement", "certificate"})
"""Fields of documents that only some of a kind have."""
_REPORT_TITLES = ("<title>MaRI report: ", "## MaRI: ")
"""At the beginning of every report, as HTML and as Markdown."""
_TIMING_COLUMNS = "model,device,threads,"
_MANIFEST = "manifest.json"
_PARTS = (
    "model.onnx",
    "model.onnx.data",
    "labels.json",
    "structure.json",
    "certificate.json",
    _MANIFEST,
)
"""Of an artifact; its report may be written anew."""


def check_output(path: Path, recognize: Recognize, *, force: bool) -> None:
    """Return if a file may be written here; asked before the work, and again after it.

    Raises MariError for a folder, and, without `force`, for a file that `recognize` does not know
    as one of this command's own, or that is part of an artifact.
    """
    if path.is_dir():
        raise MariError(f"{path}: is a folder; name a file")
    if force or not path.is_file():
        return
    if _is_in_an_artifact(path):
        raise MariError(
            f"{path}: is part of an artifact, which it would no longer fit; name another file, or"
            " overwrite it with --force"
        )
    if not recognize(path):
        raise MariError(
            f"{path}: was not written by this command; name another file, or overwrite it with"
            " --force"
        )


def write_output(path: Path, text: str, recognize: Recognize, *, force: bool) -> None:
    """Write a file as a whole, where `check_output` lets it be; raises MariError or OSError."""
    check_output(path, recognize, force=force)
    write_whole(path, text)


def proposals_like(proposed: Labels) -> Recognize:
    """Return what knows a labels file of proposals, without an answer to one of these doubts."""
    fresh = dict(_list_parts(proposed))

    def recognize(path: Path) -> bool:
        try:
            parts = list(_list_parts(type(proposed).load(path)))
        except MariError:
            return False
        return all(part.evidence and not _is_answer(part, fresh.get(at)) for at, part in parts)

    return recognize


def _list_parts(labels: Labels) -> Iterator[tuple[tuple[str, int], InputLabel | Column]]:
    for name, label in labels.inputs.items():
        for part in label.columns or (label,):
            yield (name, part.start if isinstance(part, Column) else -1), part


def _is_answer(part: InputLabel | Column, fresh: InputLabel | Column | None) -> bool:
    """Return True where a label is certain and what is proposed now is not the same."""
    certain = part.confidence >= 1
    return certain and fresh is not None and (fresh.confidence < 1 or fresh.role != part.role)


def is_document(path: Path) -> bool:
    """Return True for a JSON file with a version, as all of this project's are."""
    return "version" in (read_object(path) or {})


def like_document(document: Any) -> Recognize:
    """Return what knows a JSON file with the fields of this document."""

    def recognize(path: Path) -> bool:
        found = read_object(path)
        return found is not None and set(found) ^ set(document) <= _OPTIONAL

    return recognize


def is_report(path: Path) -> bool:
    """Return True for a report, as HTML or Markdown."""
    with path.open(encoding="utf-8", errors="replace") as file:
        start = file.read(2000)
    return _REPORT_TITLES[0] in start or start.startswith(_REPORT_TITLES[1])


def is_timing_table(path: Path) -> bool:
    """Return True for the timings of 'mari bench' as CSV."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(len(_TIMING_COLUMNS)) == _TIMING_COLUMNS


def _is_in_an_artifact(path: Path) -> bool:
    manifest = read_object(path.parent / _MANIFEST)
    ours = manifest is not None and "optimized" in manifest and "decisions" in manifest
    return ours and path.name in _PARTS
