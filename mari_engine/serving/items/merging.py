"""Pieces merged into one version of a store, in the order of the keys.

Keys that are sampled from every piece cut the order into chunks of about the same size; each piece
is sorted, so that its share of a chunk is one stretch of its file. A chunk is read, sorted and
written before the next: memory does not grow with the number of items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mari_engine.serving.items.arrow_columns import (
    ArrowColumns,
    ColumnFiller,
    ColumnSpec,
    as_bytes,
    laid_out,
)
from mari_engine.serving.items.features import DIGEST
from mari_engine.serving.items.item_keys import KeyKind, to_text_column
from mari_engine.serving.items.pieces import Job, Piece, duplicate, find_row
from mari_engine.serving.items.store_manifest import ARROW_FILE, PARQUET_FILE
from mari_engine.serving.items.store_version import DIGEST_COLUMN, ITEM_HASH
from mari_engine.types import Feeds

_CHUNK_BYTES = 16 << 20
"""Of the rows that are sorted at once, about."""
_SAMPLED = 256
"""One key of so many is sampled: what a chunk may hold beyond its size, of each piece."""


@dataclass(frozen=True)
class _Run:
    """A piece, and where its share of each chunk begins and ends."""

    piece: Piece
    columns: ArrowColumns
    cuts: np.ndarray


def merge_pieces(
    job: Job, pieces: Sequence[Piece], folder: Path, report: Callable[[float], None]
) -> None:
    """Write items.arrow and items.parquet into a folder; `report` is told the share that is done.

    Raises StoreError for a key that two pieces have.
    """
    runs, chunks = _cut(job, pieces)
    rows = sum(piece.stretch.rows for piece in pieces)
    specs = _specs(job, runs)
    with ExitStack() as stack:
        metadata = {ITEM_HASH: job.part.item_hash}
        filler = stack.enter_context(laid_out(folder / ARROW_FILE, rows, specs, metadata))
        table = stack.enter_context(_ParquetTable(folder / PARQUET_FILE, job, metadata))
        for chunk in range(chunks):
            _write_chunk(job, runs, chunk, filler, table)
            report((chunk + 1) / chunks)


def _write_chunk(
    job: Job, runs: Sequence[_Run], chunk: int, filler: ColumnFiller, table: _ParquetTable
) -> None:
    shares = [(run, run.cuts[chunk], run.cuts[chunk + 1]) for run in runs]
    shares = [share for share in shares if share[1] < share[2]]
    if not shares:
        return
    arrays = {
        name: np.concatenate([run.columns.read(name, start, stop) for run, start, stop in shares])
        for name in runs[0].columns.specs
    }
    keys = arrays[job.catalogue.key]
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    if twice.size:
        raise _duplicate(job, shares, keys, (order[twice[0]], order[twice[0] + 1]))
    ordered = {name: array[order] for name, array in arrays.items()}
    filler.append(ordered)
    table.append(ordered)


def _cut(job: Job, pieces: Sequence[Piece]) -> tuple[list[_Run], int]:
    """Return the pieces with their shares of each chunk, and how many chunks there are."""
    opened = [(piece, ArrowColumns(piece.path)) for piece in pieces]
    key = job.catalogue.key
    samples = np.sort(np.concatenate([columns.read(key)[::_SAMPLED] for _, columns in opened]))
    row_bytes = sum(spec.row_bytes for spec in opened[0][1].specs.values())
    every = max(_CHUNK_BYTES // row_bytes // _SAMPLED, 1)
    bounds = samples[every::every]
    runs = []
    for piece, columns in opened:
        inner = np.searchsorted(columns.read(key), bounds)
        runs.append(_Run(piece, columns, np.concatenate([[0], inner, [columns.rows]])))
    return runs, len(bounds) + 1


def _specs(job: Job, runs: Sequence[_Run]) -> list[ColumnSpec]:
    """Return the columns of the store; keys that are text are as wide as the widest piece's."""
    key = job.catalogue.key
    widest = max((run.columns.specs[key].dtype for run in runs), key=lambda each: each.itemsize)
    return [ColumnSpec(key, widest), ColumnSpec(DIGEST_COLUMN, DIGEST), *job.specs]


def _duplicate(
    job: Job, shares: Sequence[tuple[_Run, int, int]], keys: np.ndarray, at: tuple[int, int]
) -> Exception:
    """Return the error for two rows of a chunk that have one key: of two pieces."""
    ends = np.cumsum([stop - start for _, start, stop in shares])
    key = keys[at[0]]
    places = []
    for row in at:
        stretch = shares[int(np.searchsorted(ends, row, side="right"))][0].piece.stretch
        places.append((stretch, find_row(job.catalogue, stretch, key)))
    return duplicate(job.catalogue, key, places)


class _ParquetTable:
    """items.parquet: keys as the catalogue has them, and the vectors."""

    def __init__(self, path: Path, job: Job, metadata: dict[str, str]) -> None:
        self._job = job
        kind = pa.int64() if job.catalogue.kind is KeyKind.NUMBER else pa.string()
        fields = [(job.catalogue.key, kind)]
        fields += [(spec.name, spec.to_arrow(b"", 0).type) for spec in job.specs]
        self._schema = pa.schema(fields, metadata=metadata)
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=False
        )

    def __enter__(self) -> _ParquetTable:
        return self

    def __exit__(self, *failure: object) -> None:
        self._writer.close()

    def append(self, arrays: Feeds) -> None:
        """Write the next rows, as a row group."""
        keys = arrays[self._job.catalogue.key]
        vectors = [
            spec.to_arrow(as_bytes(np.ascontiguousarray(arrays[spec.name])), len(keys))
            for spec in self._job.specs
        ]
        columns = [to_text_column(keys).cast(self._schema.field(0).type), *vectors]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))
