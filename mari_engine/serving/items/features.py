"""Columns of a catalogue as inputs of the item part: types, extents and nulls checked by row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mari_engine.errors import StoreError
from mari_engine.types import Feeds, PartInput

DIGEST = np.dtype("S16")
"""Of an item's features: the first half of a SHA-256."""


@dataclass(frozen=True)
class Where:
    """Where a batch of rows stands in a catalogue."""

    file: str
    first_row: int
    """Counted from 0."""

    def wrong(self, row: int, column: str, what: str) -> StoreError:
        """Return the error for a value in a row of the batch."""
        return StoreError(f"{self.file}: row {self.first_row + row}: {column!r} {what}")


def read_features(batch: pa.RecordBatch, inputs: Sequence[PartInput], where: Where) -> Feeds:
    """Return the inputs of the item part for these rows, `[n, ...]` each.

    Raises StoreError naming the file, the row and the column of what the part cannot take.
    """
    return {each.name: _read(batch.column(each.name), each, where) for each in inputs}


def digest_features(features: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what tells whether an item's features changed: bytes `[n]`, in the inputs' order."""
    rows = len(next(iter(features.values())))
    parts = [_row_bytes(array.reshape(rows, -1)) for array in features.values()]
    joined = np.concatenate(parts, axis=1)
    data, width = joined.tobytes(), joined.shape[1]
    digests = [
        hashlib.sha256(data[at : at + width]).digest()[: DIGEST.itemsize]
        for at in range(0, rows * width, width)
    ]
    return np.frombuffer(b"".join(digests), DIGEST)


def _row_bytes(array: np.ndarray) -> np.ndarray:
    """Return the bytes of each row, uint8 `[n, width]`; texts by their digests."""
    if array.dtype.kind == "O":
        texts = [hashlib.sha256(text.encode()).digest() for text in array.reshape(-1)]
        return np.frombuffer(b"".join(texts), np.uint8).reshape(len(array), -1)
    return np.ascontiguousarray(array).view(np.uint8)


def _read(column: pa.Array, taken: PartInput, where: Where) -> np.ndarray:
    """Return a column as an array `[n, *extents of the input]`.

    Where all extents are 1 the column may also hold plain values.
    """
    rows, extents = len(column), list(taken.shape[1:])
    shape: list[int] = []
    plain = not _is_list(column.type) and all(extent == 1 for extent in extents)
    for extent in [] if plain else extents:
        _refuse_nulls(column, taken.name, where, rows)
        column, length = _open_lists(column, extent, taken.name, where, rows)
        shape.append(length)
    _refuse_nulls(column, taken.name, where, rows)
    if _is_list(column.type):
        raise where.wrong(0, taken.name, f"holds lists, and the model takes {_spelled(taken)}")
    values = _to_dtype(column, taken, where, rows)
    return values.reshape(rows, *(extents if plain else shape))


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _open_lists(
    column: pa.Array, extent: int | str, name: str, where: Where, rows: int
) -> tuple[pa.Array, int]:
    """Return what lists of one length hold, and that length; a free extent is the first row's."""
    if not _is_list(column.type):
        raise where.wrong(0, name, f"holds no lists; give lists of {extent} values")
    lengths = pc.list_value_length(column).to_numpy()
    length = extent if isinstance(extent, int) else int(lengths[0]) if len(lengths) else 0
    odd = np.flatnonzero(lengths != length)
    if odd.size:
        row = int(odd[0]) * rows // len(lengths)
        raise where.wrong(
            row, name, f"has {lengths[odd[0]]} values in place of {length}; pad or cut it"
        )
    return column.flatten(), length


def _refuse_nulls(column: pa.Array, name: str, where: Where, rows: int) -> None:
    if column.null_count:
        first = pc.index(column.is_null(), True).as_py()
        raise where.wrong(first * rows // len(column), name, "is null; fill it")


def _to_dtype(column: pa.Array, taken: PartInput, where: Where, rows: int) -> np.ndarray:
    """Return values of the input's type; none is rounded."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if taken.dtype == "string":
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise _other_type(column, taken, where)
        return np.asarray(column.to_numpy(zero_copy_only=False), object)
    try:
        wanted = pa.from_numpy_dtype(np.dtype(taken.dtype))
    except (TypeError, pa.ArrowNotImplementedError):
        raise StoreError(
            f"input {taken.name!r} of the item part is {taken.dtype}, which Parquet does not hold; "
            "cast it in the model"
        ) from None
    if column.type != wanted:
        if not _is_held(column.type, wanted):
            raise _other_type(column, taken, where)
        column = _cast(column, wanted, taken.name, where, rows)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _is_held(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Return True where a type may be cast to the other without rounding."""
    if pa.types.is_integer(given) and pa.types.is_integer(wanted):
        return True  # each value is looked at
    floats = pa.types.is_floating(given) and pa.types.is_floating(wanted)
    return bool(floats and given.bit_width < wanted.bit_width)


def _cast(column: pa.Array, wanted: pa.DataType, name: str, where: Where, rows: int) -> pa.Array:
    try:
        return column.cast(wanted)
    except pa.ArrowInvalid:
        bounds = np.iinfo(wanted.to_pandas_dtype())
        values = column.to_numpy()
        at = int(np.argmax((values < bounds.min) | (values > bounds.max)))
        raise where.wrong(
            at * rows // len(column), name, f"is {values[at]}, which is no {wanted}; mend the id"
        ) from None


def _other_type(column: pa.Array, taken: PartInput, where: Where) -> StoreError:
    return where.wrong(
        0, taken.name, f"is {column.type}, and the model takes {_spelled(taken)}; cast it"
    )


def _spelled(taken: PartInput) -> str:
    extents = ", ".join(map(str, taken.shape[1:]))
    return f"{taken.dtype} [{extents}] of each item" if extents else taken.dtype
