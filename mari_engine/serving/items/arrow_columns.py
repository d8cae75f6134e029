"""Columns of rows of one size in Arrow files of one record batch, which are mapped as arrays.

One batch, uncompressed: each column is one stretch of the file, so that row `i` lies at a known
place. A file can be laid out before there are values: its columns are holes then, which are filled
from the front, in memory that does not grow with the rows.
https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

from __future__ import annotations

import io
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from mari_engine.errors import StoreError
from mari_engine.runtime import in_one_line


@dataclass(frozen=True)
class ColumnSpec:
    """One column: `shape` of each row, `dtype` of each element; `S12` is 12 bytes."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(self.dtype.itemsize * np.prod(self.shape, dtype=np.int64))

    def to_arrow(self, data: object, rows: int) -> pa.Array:
        """Return rows that lie one behind the other in a buffer, not copied."""
        count = rows * (self.row_bytes // self.dtype.itemsize)
        array = pa.Array.from_buffers(_element_type(self.dtype), count, [None, pa.py_buffer(data)])
        for extent in reversed(self.shape):
            array = pa.FixedSizeListArray.from_arrays(array, extent)
        return array


def _element_type(dtype: np.dtype[Any]) -> pa.DataType:
    """Return Arrow's type of an element; of a bool a byte, since Arrow's own is a bit."""
    if dtype.kind == "S":
        return pa.binary(dtype.itemsize)
    return pa.uint8() if dtype.kind == "b" else pa.from_numpy_dtype(dtype)


@dataclass(frozen=True)
class _Place:
    offset: int
    spec: ColumnSpec


class ArrowColumns:
    """The columns of a file, read in stretches or mapped."""

    def __init__(self, path: Path) -> None:
        """Find the columns of a file; raises StoreError where it is no Arrow file of one batch."""
        self.path = path
        try:
            self._data = pa.memory_map(str(path)).read_buffer()
            reader = pa.ipc.open_file(pa.BufferReader(self._data))
            if reader.num_record_batches != 1:
                raise pa.ArrowInvalid(f"{reader.num_record_batches} record batches, and not one")
            batch = reader.get_batch(0)
            self._places = {
                field.name: self._place(field.name, column)
                for field, column in zip(batch.schema, batch.columns, strict=True)
            }
        except (pa.ArrowException, OSError) as error:
            raise StoreError(
                f"{path}: cannot be read ({in_one_line(error)}); write the store again"
            ) from error
        self.rows = batch.num_rows
        self.specs = {name: place.spec for name, place in self._places.items()}
        self.metadata = {
            key.decode(): value.decode() for key, value in (batch.schema.metadata or {}).items()
        }

    def map(self, name: str) -> np.ndarray:
        """Return a column `[rows, ...]`, mapped: what is not looked at is not read."""
        place = self._places[name]
        count = self.rows * (place.spec.row_bytes // place.spec.dtype.itemsize)
        flat = np.frombuffer(self._data, place.spec.dtype, count, place.offset)
        return flat.reshape(self.rows, *place.spec.shape)

    def read(self, name: str, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return some rows of a column, read; nothing of it stays mapped."""
        place = self._places[name]
        rows = (self.rows if stop is None else stop) - start
        found = np.empty((rows, *place.spec.shape), place.spec.dtype)
        with self.path.open("rb") as file:
            file.seek(place.offset + start * place.spec.row_bytes)
            file.readinto(as_bytes(found))
        return found

    def _place(self, name: str, column: pa.Array) -> _Place:
        rows, shape = len(column), []
        while pa.types.is_fixed_size_list(column.type):
            shape.append(column.type.list_size)
            column = column.flatten()
        width = pa.types.is_fixed_size_binary(column.type) and column.type.byte_width
        dtype = np.dtype(f"S{width}" if width else column.type.to_pandas_dtype())
        if dtype.kind == "O" or column.null_count:
            raise pa.ArrowInvalid(f"column {name!r} is {column.type}, with nulls or of no one size")
        data, spec = column.buffers()[-1], ColumnSpec(name, dtype, tuple(shape))
        offset = data.address - self._data.address
        if not 0 <= offset <= self._data.size - rows * spec.row_bytes:
            raise pa.ArrowInvalid(f"column {name!r} ends behind the file")
        return _Place(offset, spec)


class ColumnFiller:
    """Fills the columns of a laid out file, rows in order; made by `laid_out`."""

    def __init__(self, columns: ArrowColumns, file: IO[bytes]) -> None:
        self._columns, self._file, self._filled = columns, file, 0

    def append(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Write the next rows of every column, as arrays `[rows, ...]`."""
        for name, place in self._columns._places.items():
            array = np.ascontiguousarray(arrays[name], place.spec.dtype)
            self._file.seek(place.offset + self._filled * place.spec.row_bytes)
            self._file.write(as_bytes(array))
        self._filled += len(next(iter(arrays.values())))


@contextmanager
def laid_out(
    path: Path, rows: int, specs: Sequence[ColumnSpec], metadata: Mapping[str, str]
) -> Iterator[ColumnFiller]:
    """Write a file whose columns have so many rows of nothing, and yield what fills them."""
    longest = max(spec.row_bytes for spec in specs) * rows
    with path.open("wb") as file, _zeros(path.parent, longest) as zeros:
        data = pa.py_buffer(zeros)
        arrays = [spec.to_arrow(data.slice(0, rows * spec.row_bytes), rows) for spec in specs]
        _write_batch(pa.PythonFile(_Hollow(file, data), "w"), arrays, specs, metadata)
        del arrays, data
    with path.open("r+b") as file:
        yield ColumnFiller(ArrowColumns(path), file)


def to_file_bytes(
    specs: Sequence[ColumnSpec], arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> pa.Buffer:
    """Return the contents of a file of these columns, arrays `[rows, ...]`."""
    made = [
        spec.to_arrow(np.ascontiguousarray(arrays[spec.name]), len(arrays[spec.name]))
        for spec in specs
    ]
    sink = pa.BufferOutputStream()
    _write_batch(sink, made, specs, metadata)
    return sink.getvalue()


def _write_batch(
    sink: Any, arrays: Sequence[pa.Array], specs: Sequence[ColumnSpec], metadata: Mapping[str, str]
) -> None:
    batch = pa.record_batch(list(arrays), names=[spec.name for spec in specs])
    batch = batch.replace_schema_metadata(dict(metadata))
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


@contextmanager
def _zeros(folder: Path, size: int) -> Iterator[mmap.mmap]:
    """Yield so many zeros that take neither memory nor disk: a mapped hole of a file."""
    with tempfile.TemporaryFile(dir=folder) as hole:
        hole.truncate(max(size, 1))
        yield mmap.mmap(hole.fileno(), max(size, 1), access=mmap.ACCESS_READ)


class _Hollow(io.RawIOBase):
    """Writes to a file all but what lies in `zeros`, for which it leaves holes."""

    def __init__(self, file: IO[bytes], zeros: pa.Buffer) -> None:
        self._file = file
        self._zeros = range(zeros.address, zeros.address + zeros.size)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def write(self, data: Any) -> int:
        buffer = pa.py_buffer(data)
        if buffer.address in self._zeros:
            self._file.seek(buffer.size, os.SEEK_CUR)
        else:
            self._file.write(buffer)
        return int(buffer.size)


def as_bytes(array: np.ndarray) -> memoryview:
    """Return the bytes of a contiguous array, not copied."""
    return array.reshape(-1).view(np.uint8).data
