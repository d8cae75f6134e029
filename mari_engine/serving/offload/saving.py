"""Writing the folder of an offloaded model: all of it or nothing, and what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import onnx_ir as ir

from mari_engine.analysis import structure_of
from mari_engine.artifact import (
    CERTIFICATE_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    REPORT_FILE,
    check_passed,
    check_target,
    with_digests,
    write_document,
    write_manifest,
    write_model,
)
from mari_engine.errors import ModelError, VerificationError
from mari_engine.files import replace_files
from mari_engine.graph import Model, digest_content, fingerprint, list_extents, name_dtype
from mari_engine.report import find, render_findings
from mari_engine.serving.offload.checked_offload import CheckedOffload
from mari_engine.serving.offload.folder import MODEL_FILES, OFFLOADED
from mari_engine.serving.offload.options import OffloadOptions
from mari_engine.types import (
    ChosenCut,
    FetchedInput,
    FileDigest,
    InterfaceTensor,
    Part,
    PartInput,
    PartKind,
    Rows,
    to_plain,
)

_ROWS: Mapping[PartKind, Rows] = {PartKind.REQUEST: "request", PartKind.ITEM: "candidate"}


def save_offloaded(result: CheckedOffload, directory: str | Path, *, force: bool = False) -> Path:
    """Write the folder and return it.

    Raises VerificationError when the result did not pass its check, or when what was written is not
    what was checked, and ModelError when the folder cannot be written or holds other files.
    """
    check_passed(result.checked)
    target, original = Path(directory), result.checked.original
    check_target(original, target, OFFLOADED, force=force)

    def fill(made: Path) -> None:
        original.check_data()
        _write_files(result, made)
        original.check_data()

    try:
        replace_files(target, OFFLOADED.files, fill)
    except OSError as error:
        raise ModelError(
            f"{target}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return target


def _write_files(result: CheckedOffload, folder: Path) -> None:
    files = {kind: _write_part(kind, model, folder) for kind, model in result.parts.items()}
    parts = tuple(_describe(result, kind, paths) for kind, paths in files.items())
    structure = structure_of(result.checked.original, result.checked.coloring)
    manifest = write_manifest(result.checked, structure, files[PartKind.ONLINE])
    manifest |= {
        "parts": [part.to_json() for part in parts],
        "item_hash": result.item_hash,
        "store": str(result.options.store),
        "cut": asdict(result.point),
        "frontier": result.frontier.to_json(),
    }
    write_document(folder / MANIFEST_FILE, manifest)
    result.checked.labels.save(folder / LABELS_FILE)
    certified = [*(part.model.file for part in parts), LABELS_FILE, MANIFEST_FILE]
    certificate = with_digests(to_plain(result.certificate.to_json()), folder, certified)
    write_document(folder / CERTIFICATE_FILE, certificate)
    hashes = {each.file: each.sha256 for part in parts for each in (part.model, *part.data)}
    asked = _as_options(result.options)
    cut = ChosenCut(result.frontier, result.point, parts, result.options.store, asked)
    findings = replace(find(result.checked), hashes=hashes, cut=cut)
    (folder / REPORT_FILE).write_text(render_findings(findings), encoding="utf-8")


def _write_part(kind: PartKind, model: Model, folder: Path) -> tuple[Path, ...]:
    """Write a part; VerificationError where what is read back computes anything else."""
    files = write_model(model, folder, MODEL_FILES[kind])
    if digest_content(ir.load(files[0])) != digest_content(model.ir):
        raise VerificationError(
            f"{files[0].name}: what was written is not what was checked; nothing was saved, please "
            "report it"
        )
    return files


def _describe(result: CheckedOffload, kind: PartKind, files: tuple[Path, ...]) -> Part:
    graph, interface = result.parts[kind].ir.graph, result.checked.interface
    rows = {item.name: item.rows for item in interface.outputs}
    model, *data = (FileDigest(path.name, fingerprint(path)) for path in files)
    return Part(
        part=kind,
        model=model,
        data=tuple(data),
        inputs=tuple(_input(result, value) for value in graph.inputs),
        outputs=tuple(
            InterfaceTensor(
                value.name or "",
                name_dtype(value.dtype),
                list_extents(value.shape) or (),
                _ROWS.get(kind) or rows[value.name or ""],
            )
            for value in graph.outputs
        ),
    )


def _input(result: CheckedOffload, value: ir.Value) -> PartInput:
    """Return how an input is filled: of the original's inputs, or of another part's output."""
    for kind in _ROWS:
        model = result.parts.get(kind)
        if model is not None and value.name in {each.name for each in model.ir.graph.outputs}:
            name, shape = value.name or "", list_extents(value.shape) or ()
            return FetchedInput(name, name_dtype(value.dtype), shape, _ROWS[kind], kind, name)
    return next(item for item in result.checked.interface.inputs if item.name == value.name)


def _as_options(options: OffloadOptions) -> tuple[str, ...]:
    words = ["--parts", ",".join(options.parts), "--store", str(options.store)]
    words += [] if options.autotune else ["--no-autotune"]
    if options.most_bytes is not None:
        words += ["--bytes", str(options.most_bytes)]
    if options.bandwidth is not None:
        words += ["--bandwidth", str(options.bandwidth)]
    return (*words, "--candidates", str(options.candidates))
