from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items.item_keys import (
    KeyKind,
    find_rows,
    key_kind,
    keys_of_caller,
    keys_of_column,
)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (pa.int32(), KeyKind.NUMBER),
        (pa.uint64(), KeyKind.NUMBER),
        (pa.string(), KeyKind.TEXT),
        (pa.large_string(), KeyKind.TEXT),
        (pa.dictionary(pa.int8(), pa.string()), KeyKind.TEXT),
        (pa.float64(), None),
        (pa.bool_(), None),
        (pa.list_(pa.int64()), None),
    ],
)
def test_keys_are_whole_numbers_or_text(kind: pa.DataType, found: KeyKind | None) -> None:
    assert key_kind(kind) is found


@pytest.mark.parametrize(
    ("column", "kind", "row", "why"),
    [
        (pa.array([1, 2**63], pa.uint64()), KeyKind.NUMBER, 1, "is no int64"),
        (pa.array(["a", "b" * 257]), KeyKind.TEXT, 1, "is longer than 256 bytes"),
        (pa.array(["a", "b", "c\0"]), KeyKind.TEXT, 2, "holds a zero character"),
    ],
)
def test_keys_that_cannot_be_kept_are_told_by_row(
    column: pa.Array, kind: KeyKind, row: int, why: str
) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        keys_of_column(column, kind)
    assert caught.value.args[0] == row


def test_texts_are_found_among_keys_of_every_width() -> None:
    texts = ["", "a", "ab", "ab ", "b" * 256, "é", "日本", "z"]
    index = np.sort(keys_of_column(pa.array(texts), KeyKind.TEXT))
    rows = find_rows(index, keys_of_caller(texts, KeyKind.TEXT, "k"))
    assert [index[row].decode() for row in rows] == texts


@pytest.mark.parametrize(
    "key", ["", "abd", "abc\0", "\0", "abc\0\0", "abcd", "ab", "x" * 300, "abé", "abc "]
)
def test_texts_that_look_alike_are_not_taken_for_one_another(key: str) -> None:
    """numpy pads texts with zeros, and cuts those that are longer than the index."""
    index = keys_of_column(pa.array(["abc"]), KeyKind.TEXT)
    assert find_rows(index, keys_of_caller([key], KeyKind.TEXT, "k")).tolist() == [-1]


def test_random_texts_are_found_where_they_are() -> None:
    rng = np.random.default_rng(0)
    texts = sorted({"".join(rng.choice(list("aé日 "), rng.integers(0, 9))) for _ in range(2000)})
    kept, others = texts[::2], texts[1::2]
    index = np.sort(keys_of_column(pa.array(kept), KeyKind.TEXT))
    found = find_rows(index, keys_of_caller(kept, KeyKind.TEXT, "k"))
    assert [index[row].decode() for row in found] == kept
    assert (find_rows(index, keys_of_caller(others, KeyKind.TEXT, "k")) == -1).all()


@pytest.mark.parametrize("dtype", [np.int8, np.uint32, np.int64])
def test_numbers_of_any_width_are_found(dtype: Any) -> None:
    index = np.array([-5, 0, 7, 2**60])
    keys = np.array([7, 0, 9], dtype)
    assert find_rows(index, keys_of_caller(keys, KeyKind.NUMBER, "k")).tolist() == [2, 1, -1]


@pytest.mark.parametrize("kind", list(KeyKind))
def test_no_keys_are_found_nowhere(kind: KeyKind) -> None:
    assert find_rows(np.array([1, 2]), keys_of_caller([], kind, "k")).shape == (0,)


@pytest.mark.parametrize(
    ("keys", "kind", "message"),
    [
        (["a"], KeyKind.NUMBER, "keys 'k': are text, and the store's are int64; give whole num"),
        ([1.0], KeyKind.NUMBER, "are float64, and the store's are int64"),
        ([True], KeyKind.NUMBER, "are bool, and the store's are int64"),
        ([1, 2], KeyKind.TEXT, "are int, and the store's are text; give strings"),
        ([b"a"], KeyKind.TEXT, "and the store's are text; give strings"),
        (["a", 3], KeyKind.TEXT, "are int, and the store's are text; give strings"),
        (np.array([1]), KeyKind.TEXT, "are int, and the store's are text; give strings"),
        ([2**64 - 1], KeyKind.NUMBER, "keys 'k': 18446744073709551615 is no int64"),
        ([2**80], KeyKind.NUMBER, "are object, and the store's are int64"),
        (["a", None], KeyKind.TEXT, "keys 'k': row 1: has no key; give one"),
        ([[1], [2]], KeyKind.NUMBER, "have 2 axes; give a list of keys"),
        (3, KeyKind.NUMBER, "have 0 axes; give a list of keys"),
    ],
)
def test_keys_of_another_type_are_refused(keys: Any, kind: KeyKind, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        keys_of_caller(keys, kind, "k")


@pytest.mark.parametrize("text", [False, True])
def test_a_key_that_is_missing_is_told_with_its_row(text: bool) -> None:
    kind = KeyKind.TEXT if text else KeyKind.NUMBER
    key = "a" if text else 1
    for given in ([key, key, None], np.array([key, key, None, None], object)):
        with pytest.raises(StoreError, match="keys 'item_id': row 2: has no key; give"):
            keys_of_caller(given, kind, "item_id")
