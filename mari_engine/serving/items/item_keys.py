"""Keys of items: whole numbers, or texts as bytes of one width, so that order is the index.

Texts are kept as UTF-8, padded with zeros: sorted as bytes, and found by binary search in a mapped
column, without a table of hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mari_engine.errors import StoreError

LONGEST_KEY = 256
"""Bytes of a key that is text: all take as many as the longest."""


class KeyKind(StrEnum):
    """What the keys of a store are."""

    NUMBER = "int64"
    TEXT = "string"


def key_kind(kind: pa.DataType) -> KeyKind | None:
    """Return what keys of a column of this type are; None where it holds no keys."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind):
        return KeyKind.NUMBER
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return KeyKind.TEXT if text else None


def keys_of_column(column: pa.Array, kind: KeyKind) -> np.ndarray:
    """Return a column without nulls as int64 `[n]`, or as bytes of one width.

    Raises ValueError, with the row in the column and why, for a key that cannot be kept.
    """
    if kind is KeyKind.NUMBER:
        try:
            return np.asarray(column.cast(pa.int64()).to_numpy())
        except pa.ArrowInvalid:
            largest = int(column.to_numpy().argmax())
            raise ValueError(largest, "is no int64") from None
    texts = column.cast(pa.large_string())
    long = pc.greater(pc.binary_length(texts), LONGEST_KEY)
    for odd, why in (
        (long, f"is longer than {LONGEST_KEY} bytes"),
        (pc.match_substring(texts, "\0"), "holds a zero character"),
    ):
        if (at := pc.index(odd, True).as_py()) >= 0:
            raise ValueError(at, why)
    return _as_bytes(texts.to_pylist())


def keys_of_caller(keys: Sequence[Any] | np.ndarray, kind: KeyKind, name: str) -> np.ndarray:
    """Return keys that a caller gives, as int64 `[n]` or bytes.

    A text that no store can hold becomes one that is longer than any key. Raises StoreError,
    naming the key column, for keys of another type.
    """
    numbers = kind is KeyKind.NUMBER
    # as objects: numpy's own texts lose the zeros at their ends
    found = np.asarray(keys, None if numbers or isinstance(keys, np.ndarray) else object)
    if found.ndim != 1:
        raise StoreError(f"keys {name!r}: have {found.ndim} axes; give a list of keys")
    if not found.size:
        return np.empty(0, np.int64 if numbers else "S1")
    return _numbers(found, name) if numbers else _texts(found, name)


def _numbers(found: np.ndarray, name: str) -> np.ndarray:
    if found.dtype.kind not in "iu":
        _refuse_missing(found.tolist(), name)
        given = "text" if found.dtype.kind == "U" else str(found.dtype)
        raise StoreError(
            f"keys {name!r}: are {given}, and the store's are int64; give whole numbers"
        )
    if found.dtype == np.uint64 and found.max() > np.iinfo(np.int64).max:
        raise StoreError(f"keys {name!r}: {found.max()} is no int64, as the store's are; mend it")
    return found.astype(np.int64)


def _texts(found: np.ndarray, name: str) -> np.ndarray:
    texts = found.tolist()
    odd = next((key for key in texts if not isinstance(key, str)), None)
    if odd is not None or None in texts:
        _refuse_missing(texts, name)
        raise StoreError(
            f"keys {name!r}: are {type(odd).__name__}, and the store's are text; give strings"
        )
    if "\0" in "".join(texts):
        texts = ["x" * (LONGEST_KEY + 1) if "\0" in key else key for key in texts]
    return _as_bytes(texts)


def _refuse_missing(keys: Sequence[Any], name: str) -> None:
    """Raise StoreError for the first key that is None."""
    row = next((at for at, key in enumerate(keys) if key is None), None)
    if row is not None:
        raise StoreError(f"keys {name!r}: row {row}: has no key; give one, or leave the row out")


def find_rows(index: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return the row of each key in a sorted index, int64 `[n]`; -1 where it is not there."""
    if not len(index):
        return np.full(len(keys), -1, np.int64)
    fits = np.ones(len(keys), bool)
    if index.dtype.kind == "S" and keys.dtype != index.dtype:
        # of one width, or numpy would widen the whole index
        fits = np.char.str_len(keys) <= index.dtype.itemsize
        keys = keys.astype(index.dtype)
    rows = np.searchsorted(index, keys)
    rows[rows == len(index)] = 0
    return np.where(fits & (index[rows] == keys), rows, -1)


def shown_key(key: Any) -> str:
    """Return a key, one of an index, as an error quotes it."""
    return repr(key.decode(errors="replace")) if isinstance(key, bytes) else str(key)


def to_text_column(keys: np.ndarray) -> pa.Array:
    """Return keys as tables of others hold them: int64, or strings."""
    return pa.array(keys if keys.dtype.kind == "i" else np.char.decode(keys, "utf-8"))


def _as_bytes(texts: Sequence[str]) -> np.ndarray:
    found = np.array([text.encode() for text in texts], dtype=np.bytes_)
    return found if found.dtype.itemsize else found.astype("S1")
