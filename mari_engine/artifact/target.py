"""What a folder of artifacts may be written over: nobody's files, and nothing half."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mari_engine.artifact.file_digests import check_digests
from mari_engine.artifact.json_files import read_document
from mari_engine.artifact.manifest import TOOL
from mari_engine.errors import ModelError
from mari_engine.files import finish_replacement, reading
from mari_engine.graph import Model
from mari_engine.types import read_object

MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.json"
CERTIFICATE_FILE = "certificate.json"
REPORT_FILE = "report.html"


@dataclass(frozen=True)
class FolderKind:
    """What a command writes into a folder."""

    command: str
    files: tuple[str, ...]
    """In the order in which they are moved: with the last, the manifest, the folder is complete."""
    parts: bool
    """Whether its manifest lists parts."""


def check_target(original: Model, target: Path, kind: FolderKind, *, force: bool = False) -> None:
    """Return if a folder of this kind and model may be written here, replacing nobody's files.

    Raises ModelError where it would overwrite the model that it was made from, where another
    command's files are there, which would be left without their manifest, or, without `force`, for
    a file that no command wrote.
    """
    if target.exists() and not target.is_dir():
        raise ModelError(f"{target}: this is a file; give a folder")
    ours = {os.path.realpath(target / name) for name in kind.files}
    sources = [original.path] if original.path is not None else []
    for path in (*sources, *original.data_files):
        if os.path.realpath(path) in ours:
            raise ModelError(f"{target}: {path.name} there is the original; choose another folder")
    found = read_object(target / MANIFEST_FILE) or {}
    if _is_ours(found) and ("parts" in found) != kind.parts:
        raise ModelError(
            f"{target}: holds what another command of mari wrote, not '{kind.command}'; choose "
            "another folder, or remove it"
        )
    if not force:
        _refuse_strangers(target, kind)


def _refuse_strangers(target: Path, kind: FolderKind) -> None:
    """Raise ModelError for a file of an artifact's name that no artifact was written with."""
    present = [name for name in kind.files if (target / name).exists()]
    if not present:
        return
    with contextlib.suppress(OSError):
        finish_replacement(target, kind.files)
    with reading(target):
        _check_written(target, present[0])


def _check_written(target: Path, first: str) -> None:
    """Raise ModelError where a folder holds no artifact, or one that was changed."""
    try:
        manifest = read_document(target / MANIFEST_FILE)
        certificate = read_document(target / CERTIFICATE_FILE)
    except ModelError:
        manifest = {}
    if not _is_ours(manifest):
        raise ModelError(
            f"{target / first}: was not written by mari; choose another folder, or overwrite"
            " it with --force"
        )
    try:
        check_digests(certificate, manifest, target, target / CERTIFICATE_FILE)
    except ModelError as error:
        raise ModelError(
            f"{str(error).partition(': ')[0]}: was changed after it was written, and would be lost;"
            " choose another folder, or overwrite it with --force"
        ) from error


def _is_ours(manifest: Mapping[str, object]) -> bool:
    tool = manifest.get("tool")
    return isinstance(tool, dict) and tool.get("name") == TOOL
