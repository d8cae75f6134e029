"""The folder of an offloaded model, read again: its parts, and what feeds which."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mari_engine.artifact import (
    CERTIFICATE_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    REPORT_FILE,
    FolderKind,
    check_digests,
    read_document,
)
from mari_engine.errors import ModelError
from mari_engine.files import finish_replacement, reading
from mari_engine.types import (
    InterfaceTensor,
    JsonDocument,
    JsonObject,
    Part,
    PartInput,
    PartKind,
)

MODEL_FILES = {kind: f"{kind}.onnx" for kind in PartKind}
"""By part; large weights lie beside it, in a file with `.data` behind its name."""
COMMAND = "mari offload"
OFFLOADED = FolderKind(
    COMMAND,
    (
        *(name for model in MODEL_FILES.values() for name in (model, f"{model}.data")),
        LABELS_FILE, CERTIFICATE_FILE, REPORT_FILE, MANIFEST_FILE,
    ),
    parts=True,
)  # fmt: skip
_VERSION = 1


@dataclass(frozen=True)
class ItemPart:
    """The model that runs over the catalogue, items along axis 0 of all inputs and outputs."""

    path: Path
    inputs: tuple[PartInput, ...]
    outputs: tuple[InterfaceTensor, ...]
    """What a store holds of each item: named `item_h{i}__{first 8 digits of item_hash}`."""
    item_hash: str
    """SHA-256 of what it computes, in hex: equal for the same item model wherever it lies."""


@dataclass(frozen=True, eq=False)
class Offloaded:
    """The folder that `mari offload` wrote."""

    directory: Path
    parts: Mapping[PartKind, Part]
    item_hash: str
    """See `ItemPart`; "" without an item part."""
    manifest: Mapping[str, Any]
    certificate: Mapping[str, Any]

    def path_of(self, kind: PartKind) -> Path:
        """Return a part's model file; raises ModelError where there is no such part."""
        part = self.parts.get(kind)
        if part is None:
            raise ModelError(
                f"{self.directory}: has no {kind} part; run '{COMMAND}' with --parts {kind}"
            )
        return self.directory / part.model.file

    @property
    def item(self) -> ItemPart:
        """The item part; raises ModelError where there is none."""
        path, part = self.path_of(PartKind.ITEM), self.parts[PartKind.ITEM]
        return ItemPart(path, part.inputs, part.outputs, self.item_hash)


def load_offloaded(directory: str | Path) -> Offloaded:
    """Read the folder that `mari offload` wrote, as it was written and checked.

    Raises ModelError naming the file that is wrong, or that was changed since.
    """
    folder = Path(directory)
    with contextlib.suppress(OSError):  # where it may not be written to, what is there is read
        finish_replacement(folder, OFFLOADED.files)
    with reading(folder):
        manifest = read_document(folder / MANIFEST_FILE)
        offloaded = _read(folder, manifest)
        certificate = offloaded.certificate
        where = folder / CERTIFICATE_FILE
        check_digests(certificate, manifest, folder, where, command=COMMAND)
    return offloaded


def _read(folder: Path, manifest: dict[str, Any]) -> Offloaded:
    where = str(folder / MANIFEST_FILE)
    top = JsonObject(manifest, where, JsonDocument(ModelError, f"run '{COMMAND}' again"))
    if top.fields.get("version") != _VERSION:
        raise top.wrong(f"'version' is not {_VERSION}")
    if "parts" not in top.fields:
        raise ModelError(f"{where}: lists no parts; give a folder that '{COMMAND}' wrote")
    entries = [top.entry(row, f"{where}: part {at}") for at, row in enumerate(top.items("parts"))]
    parts = [Part.from_json(entry) for entry in entries]
    by_kind = {part.part: part for part in parts}
    if len(by_kind) < len(parts) or PartKind.ONLINE not in by_kind:
        raise top.wrong("'parts' must be one online part, and at most one of each other kind")
    return Offloaded(
        directory=folder,
        parts=by_kind,
        item_hash=top.text("item_hash") if PartKind.ITEM in by_kind else "",
        manifest=manifest,
        certificate=read_document(folder / CERTIFICATE_FILE),
    )
