"""A catalogue of items: Parquet files, cut into pieces of rows, read one batch after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mari_engine.errors import StoreError
from mari_engine.graph import FileState
from mari_engine.runtime import in_one_line
from mari_engine.serving.items.item_keys import KeyKind, key_kind
from mari_engine.wording import first_names

BATCH_ROWS = 4096
"""Rows that are read at once."""
_BUFFER = 1 << 20
"""Bytes that are read ahead of each column."""
_MOST_NAMES = 5


@dataclass(frozen=True)
class Stretch:
    """Some rows of a catalogue that are worked on together: part of a row group."""

    number: int
    file: int
    """Its place in the catalogue's files."""
    row_group: int
    start: int
    """Within the row group."""
    stop: int
    first_row: int
    """Within the file, counted from 0."""

    @property
    def rows(self) -> int:
        """How many items there are."""
        return self.stop - self.start


@dataclass(frozen=True)
class Catalogue:
    """Parquet files with a key column and a column for each input of the item part."""

    path: Path
    files: tuple[Path, ...]
    states: tuple[FileState, ...]
    key: str
    kind: KeyKind
    columns: tuple[str, ...]
    """The key and the inputs."""
    rows: int
    row_groups: tuple[tuple[int, ...], ...]
    """By file: the rows of each."""

    def stretches(self, most_rows: int) -> tuple[Stretch, ...]:
        """Return all rows in pieces of at most so many, a whole number of batches."""
        most = max(most_rows // BATCH_ROWS, 1) * BATCH_ROWS
        found: list[Stretch] = []
        for file, groups in enumerate(self.row_groups):
            before = 0
            for group, rows in enumerate(groups):
                for start in range(0, rows, most):
                    stop = min(start + most, rows)
                    found.append(Stretch(len(found), file, group, start, stop, before + start))
                before += rows
        return tuple(found)

    def name(self, stretch: Stretch) -> str:
        """Return the file that a piece lies in, as errors name it."""
        return str(self.files[stretch.file])

    def check_unchanged(self) -> None:
        """Return if its files are what they were when they were opened; raises StoreError."""
        for file, state in zip(self.files, self.states, strict=True):
            if not file.is_file() or FileState.of(file) != state:
                raise StoreError(f"{file}: was changed while it was read; run this again")


def open_catalogue(path: Path, key: str, inputs: Sequence[str]) -> Catalogue:
    """Return a Parquet file, or a folder of them in the order of their names.

    Raises StoreError naming the file that cannot be read or lacks a column, and for a catalogue
    without rows.
    """
    files = _list_files(path)
    columns = (key, *(name for name in inputs if name != key))
    groups, kinds = [], set()
    for file in files:
        with _opened(file) as parquet:
            kinds.add(_key_kind(file, parquet.schema_arrow, columns))
            metadata = parquet.metadata
            groups.append(
                tuple(metadata.row_group(at).num_rows for at in range(metadata.num_row_groups))
            )
    if len(kinds) > 1:
        raise StoreError(
            f"{path}: {key!r} is whole numbers in one file and text in another; cast it to one type"
        )
    rows = sum(map(sum, groups))
    if not rows:
        raise StoreError(f"{path}: has no rows; give the catalogue of the items")
    states = tuple(FileState.of(file) for file in files)
    return Catalogue(path, files, states, key, kinds.pop(), columns, rows, tuple(groups))


class RowReader:
    """Reads pieces of a catalogue; of pieces in their order, no row group is begun twice."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._group: tuple[int, int] | None = None
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._row = 0
        """Of the row group: the first that was not given."""
        self._left: pa.RecordBatch | None = None
        """What was read and not given."""

    def read(self, stretch: Stretch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield the rows of a piece in batches, each with its first row within the file.

        Raises StoreError where the file cannot be read on.
        """
        if self._group != (stretch.file, stretch.row_group) or self._row > stretch.start:
            self._begin(stretch)
        while self._row < stretch.stop:
            batch = self._left or self._next(stretch)
            at, inside = self._row, batch.slice(0, stretch.stop - self._row)
            self._row += len(inside)
            self._left = batch.slice(len(inside)) if len(inside) < len(batch) else None
            skipped = max(stretch.start - at, 0)
            if skipped < len(inside):
                yield stretch.first_row + at + skipped - stretch.start, inside.slice(skipped)

    def _begin(self, stretch: Stretch) -> None:
        file = self._catalogue.files[stretch.file]
        self._group, self._row, self._left = (stretch.file, stretch.row_group), 0, None
        self._batches = _opened(file).iter_batches(
            BATCH_ROWS, [stretch.row_group], list(self._catalogue.columns), use_threads=False
        )

    def _next(self, stretch: Stretch) -> pa.RecordBatch:
        file = self._catalogue.name(stretch)
        try:
            batch = next(self._batches, None)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(file, error) from error
        if batch is None:
            raise StoreError(f"{file}: holds fewer rows than it says; copy it again")
        return batch


def _list_files(path: Path) -> tuple[Path, ...]:
    """Return the Parquet files of a folder, hidden ones and those of others aside."""
    if not path.is_dir():
        return (path,)
    found = sorted(
        each
        for each in path.rglob("*.parquet")
        if not any(part.startswith((".", "_")) for part in each.relative_to(path).parts)
    )
    if not found:
        raise StoreError(f"{path}: holds no file whose name ends in .parquet; name the catalogue")
    return tuple(found)


def _opened(file: str | Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(str(file), buffer_size=_BUFFER, memory_map=False)
    except FileNotFoundError:
        raise StoreError(f"{file}: there is no such file; name a Parquet file or folder") from None
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str | Path, error: Exception) -> StoreError:
    return StoreError(
        f"{file}: cannot be read as Parquet ({in_one_line(error)}); it is cut short or damaged, so "
        "copy it again"
    )


def _key_kind(file: Path, schema: pa.Schema, columns: Sequence[str]) -> KeyKind:
    """Return what a file's keys are; raises StoreError for a column that it lacks."""
    for name in columns:
        count = schema.names.count(name)
        if count != 1:
            has = "has no column" if not count else f"has {count} columns"
            raise StoreError(
                f"{file}: {has} {name!r}; it has {first_names(schema.names, _MOST_NAMES)}: rename "
                "or add one"
            )
    kind = key_kind(schema.field(columns[0]).type)
    if kind is None:
        raise StoreError(
            f"{file}: the key {columns[0]!r} is {schema.field(columns[0]).type}; keys are whole "
            "numbers or text, so cast it or name another with --key"
        )
    return kind
