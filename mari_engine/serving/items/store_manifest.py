"""store.json: what one version of a store holds, and the files that hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mari_engine.errors import StoreError
from mari_engine.graph import fingerprint
from mari_engine.serving.items.arrow_columns import ColumnSpec
from mari_engine.serving.items.item_keys import KeyKind
from mari_engine.types import JsonDocument, JsonError, JsonObject, parse_json

STORE_FILE = "store.json"
ARROW_FILE = "items.arrow"
PARQUET_FILE = "items.parquet"
COMMAND = "mari items"
_VERSION = 1


@dataclass(frozen=True)
class StoredFile:
    """A file of a version, as it was written."""

    bytes: int
    sha256: str

    @staticmethod
    def of(path: Path) -> StoredFile:
        """Return the state of a file; raises OSError."""
        return StoredFile(path.stat().st_size, fingerprint(path))


@dataclass(frozen=True)
class StoreManifest:
    """What one version of a store holds."""

    item_hash: str
    """Of the item part that computed it, see `ItemPart`."""
    key: str
    """The catalogue's column."""
    kind: KeyKind
    rows: int
    computed: int
    """Items that the model ran on; the others were kept from an earlier version."""
    outputs: tuple[ColumnSpec, ...]
    files: Mapping[str, StoredFile]

    def save(self, folder: Path) -> None:
        """Write store.json into a folder; raises OSError."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False)
        (folder / STORE_FILE).write_text(text + "\n", encoding="utf-8")

    def to_json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "version": _VERSION,
            "item_hash": self.item_hash,
            "key": {"name": self.key, "type": str(self.kind)},
            "rows": self.rows,
            "computed": self.computed,
            "outputs": [
                {"name": spec.name, "dtype": spec.dtype.name, "shape": list(spec.shape)}
                for spec in self.outputs
            ],
            "files": {name: asdict(file) for name, file in self.files.items()},
        }

    @staticmethod
    def load(folder: Path) -> StoreManifest:
        """Read the store.json of a folder; raises StoreError naming the field that is wrong."""
        where = folder / STORE_FILE
        try:
            document = parse_json(where.read_bytes())
        except OSError as error:
            raise StoreError(f"{where}: cannot be read; run '{COMMAND}'") from error
        except JsonError as error:
            raise StoreError(
                f"{where}: line {error.line} is not JSON; run '{COMMAND}' again"
            ) from error
        return _read(document, str(where))


def _read(document: object, where: str) -> StoreManifest:
    top = JsonObject(document, where, JsonDocument(StoreError, f"run '{COMMAND}' again"))
    if top.fields.get("version") != _VERSION:
        raise top.wrong(f"'version' is not {_VERSION}")
    key, files = top.nested("key", f"{where}: key"), top.nested("files", f"{where}: files")
    files.require(ARROW_FILE, PARQUET_FILE)
    rows = top.whole("rows", within=(1, 1 << 48))
    return StoreManifest(
        item_hash=top.text("item_hash"),
        key=key.text("name"),
        kind=key.choice("type", KeyKind),
        rows=rows,
        computed=top.whole("computed", within=(0, rows)),
        outputs=tuple(
            _read_output(top.entry(row, f"{where}: output {at}"))
            for at, row in enumerate(top.items("outputs"))
        ),
        files={name: _read_file(files, name) for name in (ARROW_FILE, PARQUET_FILE)},
    )


def _read_output(entry: JsonObject) -> ColumnSpec:
    try:
        dtype = np.dtype(entry.text("dtype"))
    except TypeError:
        raise entry.wrong("'dtype' is no type of numpy's") from None
    return ColumnSpec(entry.text("name"), dtype, tuple(entry.items("shape")))


def _read_file(files: JsonObject, name: str) -> StoredFile:
    entry = files.nested(name, f"{files.where}: {name}")
    return StoredFile(entry.whole("bytes"), entry.text("sha256"))
