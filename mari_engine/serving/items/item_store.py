"""The reading side of a store: what the item part gives, by key, from mapped files."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from mari_engine.errors import MissingItems, StoreError
from mari_engine.serving.items.item_keys import KeyKind, keys_of_caller
from mari_engine.serving.items.store_folder import current_version, hold_version
from mari_engine.serving.items.store_manifest import COMMAND
from mari_engine.serving.items.store_version import StoreVersion
from mari_engine.types import Feeds
from mari_engine.wording import first_names

Compute = Callable[[np.ndarray], Feeds]
"""Gives what the store lacks: from positions in the keys, int64 `[m]`, to arrays `[m, ...]`."""
_MOST_KEYS = 5
_HASH_SHOWN = 8


class ItemStore:
    """What `mari items` wrote, looked up by key; safe to use from several threads.

    The version that was current is kept as long as this is open: `close` it, or use it in a `with`
    block, to let it be removed once another is published.
    """

    def __init__(self, path: Path, version: StoreVersion, held: int | None) -> None:
        self._path, self._version = path, version
        self._let_go = weakref.finalize(self, _close, held)
        self._manifest = version.manifest
        self.item_hash: str = version.manifest.item_hash
        """SHA-256 of the item part that computed it, see the manifest of `mari offload`."""
        self.rows: int = version.manifest.rows
        self.folder: Path = version.folder
        """Of the version that is read."""
        self.key_kind: KeyKind = version.manifest.kind

    @classmethod
    def open(cls, path: str | Path, *, item_hash: str | None = None) -> ItemStore:
        """Open the current version of a store, or a version by its own folder.

        The sizes of its files and the order of its keys are checked; `check` reads all of it.
        Raises StoreError where it is damaged, or computed by another item part than `item_hash`.
        """
        folder, held = hold_version(Path(path))
        try:
            version = StoreVersion(folder)
            if item_hash is not None and version.manifest.item_hash != item_hash:
                raise StoreError(
                    f"{path}: holds the vectors of another item model "
                    f"({version.manifest.item_hash[:_HASH_SHOWN]}, and not "
                    f"{item_hash[:_HASH_SHOWN]}); run '{COMMAND}' with this model's folder"
                )
        except BaseException:
            _close(held)
            raise
        return cls(Path(path), version, held)

    def lookup(self, keys: Sequence[Any] | np.ndarray, *, compute: Compute | None = None) -> Feeds:
        """Return what is stored of these items: arrays `[len(keys), ...]` by output.

        `keys` are whole numbers or strings, as the catalogue's key column is. Items that are not
        stored are given by `compute`, from their positions in `keys`. Raises MissingItems for them
        without it, and StoreError for keys of another type.
        """
        asked = keys_of_caller(keys, self._manifest.kind, self._manifest.key)
        rows = self._version.find(asked)
        lacking = np.flatnonzero(rows < 0)
        if not lacking.size:
            return self._version.take(rows)
        if compute is None:
            names = first_names([repr(keys[at]) for at in lacking[:_MOST_KEYS]], _MOST_KEYS)
            more = f" and {lacking.size - _MOST_KEYS} more" if lacking.size > _MOST_KEYS else ""
            raise MissingItems(
                f"{self._path}: has no item of {self._manifest.key!r} {names}{more}; run "
                f"'{COMMAND}' on a catalogue with them, or compute them on the spot (compute=)"
            )
        found = self._version.take(rows)
        return self._put(found, lacking, compute(lacking))

    def missing(self, keys: Sequence[Any] | np.ndarray) -> np.ndarray:
        """Return the positions in `keys` of items that are not stored, int64 `[m]`."""
        asked = keys_of_caller(keys, self._manifest.kind, self._manifest.key)
        return np.flatnonzero(self._version.find(asked) < 0)

    def draw_keys(self, count: int, *, seed: int) -> np.ndarray:
        """Return the keys of so many random items, some perhaps twice: int64, or strings, `[n]`."""
        rows = np.random.default_rng(seed).integers(0, self.rows, count)
        return self._version.keys(rows)

    def is_current(self) -> bool:
        """Return False once another version was published: then open the store again."""
        try:
            return current_version(self._path) == self.folder
        except StoreError:  # a version that was opened by its own folder stays what it is
            return self._path == self.folder

    def check(self) -> None:
        """Return if every byte is as it was written; raises StoreError naming the file."""
        self._version.check_digests()

    def close(self) -> None:
        """Let the version go, so that the next writer may remove it."""
        self._let_go()

    def __len__(self) -> int:
        return self.rows

    def __enter__(self) -> ItemStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, found: Feeds, at: np.ndarray, computed: Feeds) -> Feeds:
        """Return the found arrays with what was computed for these positions."""
        for spec in self._manifest.outputs:
            array = computed.get(spec.name)
            if array is None or array.shape != (len(at), *spec.shape) or array.dtype != spec.dtype:
                given = "is missing" if array is None else f"is {array.dtype} {list(array.shape)}"
                raise StoreError(
                    f"what was computed for items that are not stored: {spec.name!r} {given}; run "
                    f"the item part of hash {self.item_hash[:_HASH_SHOWN]} on their features"
                )
            found[spec.name][at] = array
        return found


def _close(held: int | None) -> None:
    if held is not None:
        os.close(held)
