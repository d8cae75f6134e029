"""One version of a store: its files, checked, and its index, mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mari_engine.errors import StoreError
from mari_engine.serving.items.arrow_columns import ArrowColumns, ColumnSpec
from mari_engine.serving.items.features import DIGEST
from mari_engine.serving.items.item_keys import KeyKind, find_rows, shown_key
from mari_engine.serving.items.store_manifest import (
    ARROW_FILE,
    COMMAND,
    StoredFile,
    StoreManifest,
)
from mari_engine.types import Feeds

DIGEST_COLUMN = "mari.features"
"""Of the Arrow file: digests of the features that the vectors were computed from."""
ITEM_HASH = "mari.item_hash"
"""In the footers of the Arrow and the Parquet file."""
_BLOCK = 1 << 20
"""Keys whose order is checked at once."""


class StoreVersion:
    """The folder of one version, open: `find` rows by key, `take` what they hold."""

    def __init__(self, folder: Path) -> None:
        """Open a folder with a store.json.

        Each file must have the size that was written, and the keys must be in order: all of them
        are read once. Raises StoreError naming the file and what is wrong.
        """
        self.folder = folder
        self.manifest = StoreManifest.load(folder)
        self._check_sizes()
        self._columns = ArrowColumns(folder / ARROW_FILE)
        self._check_columns()
        self._index = self._columns.map(self.manifest.key)
        self._check_order()
        self._outputs = {
            spec.name: self._columns.map(spec.name).view(spec.dtype)
            for spec in self.manifest.outputs
        }

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Return the row of each key, int64 `[n]`; -1 where it is not here."""
        return find_rows(self._index, keys)

    def keys(self, rows: np.ndarray) -> np.ndarray:
        """Return the keys of these rows, as a caller gives them: int64, or strings, `[n]`."""
        found = np.asarray(self._index[rows])
        return found if found.dtype.kind == "i" else np.char.decode(found, "utf-8").astype(object)

    def take(self, rows: np.ndarray) -> Feeds:
        """Return what these rows hold, `[n, ...]` by output."""
        return {name: array.take(rows, axis=0) for name, array in self._outputs.items()}

    def digests(self, rows: np.ndarray) -> np.ndarray:
        """Return the digests of the features of these rows, bytes `[n]`."""
        return np.asarray(self._columns.map(DIGEST_COLUMN)[rows])

    def check_digests(self) -> None:
        """Return if every byte is as it was written; raises StoreError naming the file."""
        for name, written in self.manifest.files.items():
            if StoredFile.of(self.folder / name) != written:
                raise StoreError(
                    f"{self.folder / name}: was changed after it was written; run '{COMMAND}' again"
                )

    def _check_sizes(self) -> None:
        for name, written in self.manifest.files.items():
            path = self.folder / name
            found = path.stat().st_size if path.is_file() else None
            if found != written.bytes:
                has = "is missing" if found is None else f"has {found} of {written.bytes} bytes"
                raise StoreError(f"{path}: {has}; copy the store again, or run '{COMMAND}'")

    def _check_columns(self) -> None:
        manifest, columns = self.manifest, self._columns
        where = columns.path
        if columns.metadata.get(ITEM_HASH) != manifest.item_hash or columns.rows != manifest.rows:
            raise StoreError(f"{where}: is not what store.json says; run '{COMMAND}' again")
        for spec in (*manifest.outputs, ColumnSpec(DIGEST_COLUMN, DIGEST)):
            found = columns.specs.get(spec.name)
            stored = np.dtype(np.uint8) if spec.dtype.kind == "b" else spec.dtype
            if found != ColumnSpec(spec.name, stored, spec.shape):
                raise StoreError(
                    f"{where}: column {spec.name!r} is not what store.json says; run '{COMMAND}' "
                    "again"
                )
        key = columns.specs.get(manifest.key)
        wanted = "i" if manifest.kind is KeyKind.NUMBER else "S"
        if key is None or key.dtype.kind != wanted or key.shape:
            raise StoreError(
                f"{where}: the key {manifest.key!r} is no column of {manifest.kind}; run "
                f"'{COMMAND}' again"
            )

    def _check_order(self) -> None:
        index = self._index
        for at in range(0, len(index) - 1, _BLOCK):
            block = index[at : at + _BLOCK + 1]
            wrong = np.flatnonzero(block[1:] <= block[:-1])
            if wrong.size:
                row = at + int(wrong[0])
                raise StoreError(
                    f"{self._columns.path}: rows {row} and {row + 1}: the keys "
                    f"{shown_key(index[row])} and {shown_key(index[row + 1])} are not in order, so "
                    f"that none can be found; run '{COMMAND}' again"
                )
