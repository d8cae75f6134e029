"""The artifact's folder: written as a whole, complete once its manifest is there, read again."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mari_engine.artifact.file_digests import check_digests, with_digests
from mari_engine.artifact.manifest import read_interface, write_manifest
from mari_engine.artifact.model_writer import DATA_FILE, MODEL_FILE, write_model
from mari_engine.errors import ModelError, VerificationError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.plan_types import CheckedPlan
from mari_engine.report import find, render_findings
from mari_engine.types import (
    BenchmarkResult,
    Interface,
    JsonError,
    Labels,
    Signature,
    parse_json,
    to_plain,
)

MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.json"
CERTIFICATE_FILE = "certificate.json"
REPORT_FILE = "report.html"
_FILES = (MODEL_FILE, DATA_FILE, LABELS_FILE, CERTIFICATE_FILE, REPORT_FILE, MANIFEST_FILE)
"""In the order in which they are moved: with the manifest the artifact is complete."""


@dataclass(frozen=True, eq=False)
class Artifact:
    """An optimized model as it was saved, with all that is needed to call it."""

    directory: Path
    model: Model
    labels: Labels
    signature: Signature
    interface: Interface
    manifest: dict[str, Any]
    certificate: dict[str, Any]


def save_artifact(
    result: CheckedPlan, directory: str | Path, *, benchmark: BenchmarkResult | None = None
) -> Path:
    """Write the artifact to a folder, all of it or nothing, and return the folder.

    An earlier artifact there is replaced once the new one is complete; other files stay. Raises
    VerificationError when the result did not pass its check, and ModelError when the folder cannot
    be written or holds the original model under a name that the artifact needs.
    """
    _check_passed(result)
    target = Path(directory)
    _check_target(result.original, target)
    try:
        with _folder_beside(target) as made:
            _write_files(result, made, benchmark)
            _move_into_place(made, target)
    except OSError as error:
        raise ModelError(
            f"{target}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return target


def load_artifact(directory: str | Path) -> Artifact:
    """Read an artifact again, as it was written and checked.

    Raises ModelError or LabelError naming the file that is wrong, or that was changed since.
    """
    folder = Path(directory)
    manifest = _read_json(folder / MANIFEST_FILE)
    certificate = _read_json(folder / CERTIFICATE_FILE)
    signature, interface = read_interface(manifest, str(folder / MANIFEST_FILE))
    artifact = Artifact(
        directory=folder,
        model=load(folder / MODEL_FILE),
        labels=Labels.load(folder / LABELS_FILE),
        signature=signature,
        interface=interface,
        manifest=manifest,
        certificate=certificate,
    )
    check_digests(certificate, folder, folder / CERTIFICATE_FILE)
    return artifact


def _write_files(result: CheckedPlan, folder: Path, benchmark: BenchmarkResult | None) -> None:
    files = write_model(result.optimized, folder)
    manifest = write_manifest(result, files)
    _write_json(folder / MANIFEST_FILE, manifest)
    result.labels.save(folder / LABELS_FILE)
    certified = (MODEL_FILE, LABELS_FILE, MANIFEST_FILE)
    certificate = with_digests(to_plain(result.certificate.to_json()), folder, certified)
    _write_json(folder / CERTIFICATE_FILE, certificate)
    page = render_findings(find(result, manifest), [benchmark] if benchmark is not None else [])
    (folder / REPORT_FILE).write_text(page, encoding="utf-8")


def _check_passed(result: CheckedPlan) -> None:
    if not result.certificate.passed:
        reasons = [check.reason for check in result.certificate.checks if not check.passed]
        why = result.certificate.reason or next(iter(reasons), "the certificate says so")
        raise VerificationError(f"{result.original.name}: not saved, the check failed: {why}")


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """Yield a new folder on the target's file system; what is left of it goes afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.absolute().parent / f".{target.absolute().name}.{secrets.token_hex(6)}"
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move_into_place(made: Path, target: Path) -> None:
    if not target.exists():
        made.rename(target)
        return
    (target / MANIFEST_FILE).unlink(missing_ok=True)
    for name in _FILES:
        if (made / name).exists():
            os.replace(made / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)


def _check_target(original: Model, target: Path) -> None:
    """Refuse a target where the artifact would overwrite the model that it was made from."""
    if target.exists() and not target.is_dir():
        raise ModelError(f"{target}: this is a file; give a folder")
    ours = {(target / name).resolve() for name in _FILES}
    sources = [original.path] if original.path is not None else []
    for path in (*sources, *original.data_files):
        if path.resolve() in ours:
            raise ModelError(f"{target}: {path.name} there is the original; choose another folder")


def _write_json(path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(to_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = parse_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot be read; give the folder of an artifact") from error
    except JsonError as error:
        raise ModelError(f"{path}: line {error.line} is not JSON; save it again") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path}: must be an object; save it again")
    return document
