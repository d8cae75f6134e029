"""A piece of a store: some rows of the catalogue, computed, sorted by key, one file.

A file is there as a whole, and its name holds its digest: what a killed writer left is verified and
kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mari_engine.errors import ExecutionError, StoreError
from mari_engine.files import write_whole
from mari_engine.graph import fingerprint
from mari_engine.runtime import in_one_line
from mari_engine.serving.items.arrow_columns import (
    ArrowColumns,
    ColumnSpec,
    to_file_bytes,
)
from mari_engine.serving.items.catalogue import BATCH_ROWS, Catalogue, RowReader, Stretch
from mari_engine.serving.items.features import Where, digest_features, read_features
from mari_engine.serving.items.item_keys import keys_of_column, shown_key
from mari_engine.serving.items.item_model import ItemModel, output_specs
from mari_engine.serving.items.store_version import DIGEST_COLUMN, StoreVersion
from mari_engine.serving.offload import ItemPart
from mari_engine.types import Feeds

_PIECE_BYTES = 32 << 20
"""Of the vectors in one piece, about: what a writer holds in memory is some times as much."""
_KEPT = "mari.kept"
_NAME = re.compile(r"piece-(\d{8})-([0-9a-f]{64})\.arrow")


@dataclass(frozen=True)
class Job:
    """What there is to compute, as every worker is told it."""

    part: ItemPart
    catalogue: Catalogue
    since: Path | None
    """The version whose vectors are kept where the features are the same."""
    folder: Path
    """Where the pieces go."""
    batch: int = BATCH_ROWS
    """Items that the model runs on at once, at most."""

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        """A column for each output of the item part."""
        return output_specs(self.part.outputs)

    def stretches(self) -> tuple[Stretch, ...]:
        """Return the catalogue's rows by piece."""
        row_bytes = sum(spec.row_bytes for spec in self.specs)
        return self.catalogue.stretches(_PIECE_BYTES // row_bytes)


@dataclass(frozen=True)
class Piece:
    """A finished piece."""

    stretch: Stretch
    path: Path
    kept: int
    """Rows whose vectors are those of an earlier version."""


class PieceWorker:
    """Computes pieces one after another, with the item part and the catalogue open."""

    def __init__(self, job: Job, *, threads: int) -> None:
        """Open what is needed; `threads` as of `ItemModel`. Raises MariErrors."""
        self._job = job
        self._model = ItemModel(job.part, threads=threads, batch=job.batch)
        self._reader = RowReader(job.catalogue)
        self._old = None if job.since is None else StoreVersion(job.since)

    def compute(self, stretch: Stretch) -> Piece:
        """Compute a piece and write it; raises StoreError for a catalogue that cannot be used."""
        columns: list[dict[str, np.ndarray]] = []
        kept = 0
        for first_row, batch in self._reader.read(stretch):
            computed, same = self._compute_batch(batch, self._where(stretch, first_row))
            columns.append(computed)
            kept += same
        arrays = {name: np.concatenate([each[name] for each in columns]) for name in columns[0]}
        key = self._job.catalogue.key
        order = np.argsort(arrays[key], kind="stable")
        self._refuse_duplicates(arrays[key], order, stretch)
        specs = [_spec_of(name, array) for name, array in arrays.items()]
        data = to_file_bytes(
            specs, {name: array[order] for name, array in arrays.items()}, {_KEPT: str(kept)}
        )
        digest = hashlib.sha256(data).hexdigest()
        path = self._job.folder / f"piece-{stretch.number:08}-{digest}.arrow"
        write_whole(path, data)
        return Piece(stretch, path, kept)

    def _where(self, stretch: Stretch, first_row: int) -> Where:
        return Where(self._job.catalogue.name(stretch), first_row)

    def _compute_batch(self, batch: pa.RecordBatch, where: Where) -> tuple[Feeds, int]:
        """Return keys, digests and vectors of a batch, and how many vectors were kept."""
        keys = read_keys(batch, self._job.catalogue, where)
        features = read_features(batch, self._job.part.inputs, where)
        digests = digest_features(features)
        vectors, kept = self._vectors(keys, digests, features, where)
        return {self._job.catalogue.key: keys, DIGEST_COLUMN: digests, **vectors}, kept

    def _vectors(
        self, keys: np.ndarray, digests: np.ndarray, features: Feeds, where: Where
    ) -> tuple[Feeds, int]:
        every = np.arange(len(keys))
        if self._old is None:
            return self._run(features, every, where), 0
        rows = self._old.find(keys)
        same = (rows >= 0) & (self._old.digests(rows) == digests)
        if not same.any():
            return self._run(features, every, where), 0
        vectors = self._old.take(rows)
        if not same.all():
            changed = self._run(features, every[~same], where)
            for name, array in changed.items():
                vectors[name][~same] = array
        return vectors, int(same.sum())

    def _run(self, features: Feeds, rows: np.ndarray, where: Where) -> Feeds:
        """Return the vectors of some rows; raises StoreError naming one that has none."""
        chosen = {name: each[rows] for name, each in features.items()}
        try:
            return self._model.run(chosen)
        except ExecutionError as error:
            at, why = self._model.find_refused(chosen)
            raise StoreError(
                f"{where.file}: row {where.first_row + rows[at]}: "
                f"{why or f'the model cannot compute it ({in_one_line(error)})'}; mend the row, or "
                "offload the model that knows it"
            ) from error

    def _refuse_duplicates(self, keys: np.ndarray, order: np.ndarray, stretch: Stretch) -> None:
        twice = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
        if twice.size:
            first, second = order[twice[0]], order[twice[0] + 1]
            places = [(stretch, int(first)), (stretch, int(second))]
            raise duplicate(self._job.catalogue, keys[first], places)


def read_keys(batch: pa.RecordBatch, catalogue: Catalogue, where: Where) -> np.ndarray:
    """Return the keys of a batch; raises StoreError naming the row of one that cannot be kept."""
    column = batch.column(catalogue.key)
    if column.null_count:
        first = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise where.wrong(first, catalogue.key, "is null; every item needs a key")
    try:
        return keys_of_column(column, catalogue.kind)
    except ValueError as error:
        row, why = error.args
        raise where.wrong(row, catalogue.key, f"{why}; give the item another key") from None


def duplicate(
    catalogue: Catalogue, key: object, places: Sequence[tuple[Stretch, int]]
) -> StoreError:
    """Return the error for a key that stands at two places, rows of pieces."""
    (first, row), (second, other) = places
    rows = f"row {first.first_row + row}", f"row {second.first_row + other}"
    second_file = "" if first.file == second.file else f" of {catalogue.name(second)}"
    return StoreError(
        f"{catalogue.name(first)}: {catalogue.key!r} {shown_key(key)} stands twice: in {rows[0]} "
        f"and in {rows[1]}{second_file}; keep one row of each item"
    )


def find_row(catalogue: Catalogue, stretch: Stretch, key: object) -> int:
    """Return the row of a key within a piece, read once more for an error's sake."""
    for first_row, batch in RowReader(catalogue).read(stretch):
        keys = read_keys(batch, catalogue, Where(catalogue.name(stretch), first_row))
        found = np.flatnonzero(keys == key)
        if found.size:
            return first_row + int(found[0]) - stretch.first_row
    return 0


def finished_pieces(job: Job) -> Iterator[Piece]:
    """Yield the pieces that lie in the job's folder, and remove those that are damaged."""
    stretches = job.stretches()
    for path in sorted(job.folder.iterdir()):
        name = _NAME.fullmatch(path.name)
        if name is None:
            continue
        number = int(name[1])
        if number < len(stretches) and fingerprint(path) == name[2]:
            yield Piece(stretches[number], path, int(ArrowColumns(path).metadata[_KEPT]))
        else:
            path.unlink()


def _spec_of(name: str, array: np.ndarray) -> ColumnSpec:
    return ColumnSpec(name, array.dtype, array.shape[1:])
