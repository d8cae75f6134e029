"""The artifact's folder: written as a whole, complete once its manifest is there, read again."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mari_engine.analysis import structure_of
from mari_engine.artifact.file_digests import check_digests, with_digests
from mari_engine.artifact.json_files import read_document, write_document
from mari_engine.artifact.manifest import read_interface, write_manifest
from mari_engine.artifact.model_writer import DATA_FILE, MODEL_FILE, write_model
from mari_engine.artifact.target import (
    CERTIFICATE_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    REPORT_FILE,
    FolderKind,
    check_target,
)
from mari_engine.errors import ModelError, VerificationError
from mari_engine.files import finish_replacement, reading, replace_files
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.plan_types import CheckedPlan
from mari_engine.report import find, render_findings
from mari_engine.types import (
    BenchmarkResult,
    Interface,
    Labels,
    Signature,
    to_plain,
)

STRUCTURE_FILE = "structure.json"
_FILES = (
    MODEL_FILE,
    DATA_FILE,
    LABELS_FILE,
    STRUCTURE_FILE,
    CERTIFICATE_FILE,
    REPORT_FILE,
    MANIFEST_FILE,
)
OPTIMIZED = FolderKind("mari optimize", _FILES, parts=False)


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
    result: CheckedPlan,
    directory: str | Path,
    *,
    benchmark: BenchmarkResult | None = None,
    force: bool = False,
) -> Path:
    """Write the artifact to a folder, all of it or nothing, and return the folder.

    An earlier artifact there is replaced at once, when the new one is complete; other files stay.
    Raises VerificationError when the result did not pass its check, and ModelError when the folder
    cannot be written, when it holds the original model under a name that the artifact needs, or,
    without `force`, such a file that was not written as part of an artifact, and when the
    original's data were changed since they were checked.
    """
    check_passed(result)
    target = Path(directory)
    check_target(result.original, target, OPTIMIZED, force=force)

    def fill(made: Path) -> None:
        result.original.check_data()
        _write_files(result, made, benchmark)
        result.original.check_data()

    try:
        replace_files(target, _FILES, fill)
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
    with contextlib.suppress(OSError):  # where it may not be written to, what is there is read
        finish_replacement(folder, _FILES)
    with reading(folder):
        return _load(folder)


def _load(folder: Path) -> Artifact:
    manifest = read_document(folder / MANIFEST_FILE)
    if "parts" in manifest:
        raise ModelError(
            f"{folder}: holds the parts of an offloaded model, and not one model; give a folder "
            "that 'mari optimize' wrote"
        )
    certificate = read_document(folder / CERTIFICATE_FILE)
    signature, interface = read_interface(manifest, str(folder / MANIFEST_FILE))
    where = folder / CERTIFICATE_FILE
    check_digests(certificate, manifest, folder, where)  # a damaged file may be any
    return Artifact(
        directory=folder,
        model=load(folder / MODEL_FILE),
        labels=Labels.load(folder / LABELS_FILE),
        signature=signature,
        interface=interface,
        manifest=manifest,
        certificate=certificate,
    )


def _write_files(result: CheckedPlan, folder: Path, benchmark: BenchmarkResult | None) -> None:
    files = write_model(result.optimized, folder)
    structure = structure_of(result.original, result.coloring)
    (folder / STRUCTURE_FILE).write_text(structure.to_text(), encoding="utf-8")
    manifest = write_manifest(result, structure, files)
    write_document(folder / MANIFEST_FILE, manifest)
    result.labels.save(folder / LABELS_FILE)
    certified = (MODEL_FILE, LABELS_FILE, MANIFEST_FILE)
    certificate = with_digests(to_plain(result.certificate.to_json()), folder, certified)
    write_document(folder / CERTIFICATE_FILE, certificate)
    page = render_findings(find(result, manifest), [benchmark] if benchmark is not None else [])
    (folder / REPORT_FILE).write_text(page, encoding="utf-8")


def check_passed(result: CheckedPlan) -> None:
    """Return if a result passed its check; raises VerificationError with the reason."""
    if not result.certificate.passed:
        reasons = [check.reason for check in result.certificate.checks if not check.passed]
        why = result.certificate.reason or next(iter(reasons), "the certificate says so")
        raise VerificationError(f"{result.original.name}: not saved, the check failed: {why}")
