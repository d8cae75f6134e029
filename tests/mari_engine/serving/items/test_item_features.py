from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items.features import Where, digest_features, read_features
from mari_engine.types import InputBinding

WHERE = Where("cat.parquet", 4096)
FLOATS = pa.list_(pa.float32())


def floats(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def read(column: pa.Array, dtype: str, *extents: int | str) -> np.ndarray:
    taken = InputBinding("x", dtype, ("N", *extents), "candidate", "x")
    return read_features(pa.record_batch([column], names=["x"]), [taken], WHERE)["x"]


@pytest.mark.parametrize(
    ("column", "dtype", "extents", "found"),
    [
        (pa.array([1, 2], pa.int64()), "int64", (), np.array([1, 2])),
        (pa.array([1, 2], pa.uint8()), "int64", (), np.array([1, 2])),
        (pa.array([1, 2], pa.int64()), "int32", (), np.array([1, 2], np.int32)),
        (pa.array([True, False]), "bool", (), np.array([True, False])),
        (pa.array([1.5], pa.float32()), "float64", (), np.array([1.5])),
        (pa.array([1.5], pa.float32()), "float32", (1,), np.array([[1.5]], np.float32)),
        (pa.array([[1.5]], FLOATS), "float32", (1,), np.array([[1.5]], np.float32)),
        (pa.array([[1, 2], [3, 4]], FLOATS), "float32", (2,), floats([[1, 2], [3, 4]])),
        (
            pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2)), "float32", (2,),
            floats([[1, 2], [3, 4]]),
        ),
        (pa.array([[1, 2], [3, 4]], FLOATS), "float32", ("L",), floats([[1, 2], [3, 4]])),
        (
            pa.array([[[1, 2], [3, 4]]], pa.list_(FLOATS)), "float32", (2, 2),
            floats([[[1, 2], [3, 4]]]),
        ),
        (pa.array(["a", "é"]).dictionary_encode(), "string", (), np.array(["a", "é"], object)),
    ],
)  # fmt: skip
def test_columns_become_inputs(
    column: pa.Array, dtype: str, extents: tuple[int | str, ...], found: np.ndarray
) -> None:
    array = read(column, dtype, *extents)
    assert array.dtype == found.dtype
    assert array.tolist() == found.tolist()


def test_rows_of_a_batch_that_is_cut_are_those_rows() -> None:
    nested = pa.array([[[1, 2]], [[3, 4]], [[5, 6]]], pa.list_(pa.list_(pa.float32(), 2), 1))
    assert read(nested.slice(1), "float32", 1, 2).tolist() == [[[3, 4]], [[5, 6]]]


@pytest.mark.parametrize(
    ("column", "dtype", "extents", "message"),
    [
        (pa.array([1, None]), "int64", (), "row 4097: 'x' is null; fill it"),
        (pa.array([[1.0], None], FLOATS), "float32", (1,), "row 4097: 'x' is null"),
        (pa.array([[1, 2], [3, None]], FLOATS), "float32", (2,), "row 4097: 'x' is null"),
        (
            pa.array([[1, 2], [3]], FLOATS), "float32", (2,),
            "row 4097: 'x' has 1 values in place of 2; pad or cut it",
        ),
        (pa.array([[1, 2], [3]], FLOATS), "float32", ("L",), "row 4097: 'x' has 1 values in"),
        (
            pa.array([1.0], pa.float64()), "float32", (),
            "row 4096: 'x' is double, and the model takes float32; cast it",
        ),
        (pa.array([1]), "float32", (), "'x' is int64, and the model takes float32"),
        (pa.array(["1"]), "int64", (), "'x' is string, and the model takes int64"),
        (pa.array([1]), "string", (), "'x' is int64, and the model takes string"),
        (pa.array([1, 300]), "uint8", (), "row 4097: 'x' is 300, which is no uint8"),
        (pa.array([1, -1]), "uint64", (), "row 4097: 'x' is -1, which is no uint64"),
        (pa.array([1.0], pa.float32()), "float32", (3,), "'x' holds no lists; give lists of 3"),
        (pa.array([[1.0]], FLOATS), "float32", (), "'x' holds lists, and the model takes float32"),
        (pa.array([1]), "bfloat16", (), "input 'x' of the item part is bfloat16"),
    ],
)  # fmt: skip
def test_what_the_model_cannot_take_is_told_by_file_row_and_column(
    column: pa.Array, dtype: str, extents: tuple[int | str, ...], message: str
) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        read(column, dtype, *extents)
    assert str(caught.value).startswith("cat.parquet: row 409") or dtype == "bfloat16"


def features(**changed: Any) -> dict[str, np.ndarray]:
    arrays: dict[str, Any] = {
        "id": [1, 2, 1],
        "vector": floats([[1, 2], [3, 4], [1, 2]]),
        "text": np.array(["ab", "c", "ab"], object),
    }
    return {name: np.asarray(array) for name, array in (arrays | changed).items()}


def test_equal_features_have_equal_digests_and_others_do_not() -> None:
    first, second, third = digest_features(features()).tolist()
    assert first == third
    assert first != second


@pytest.mark.parametrize(
    "changed",
    [
        {"id": [9, 2, 1]},
        {"vector": floats([[1, 9], [3, 4], [1, 2]])},
        {"vector": floats([[2, 1], [3, 4], [1, 2]])},
        {"text": np.array(["ab ", "c", "ab"], object)},
    ],
)
def test_a_change_of_one_feature_changes_that_row_alone(changed: dict[str, Any]) -> None:
    before, after = digest_features(features()), digest_features(features(**changed))
    assert (before == after).tolist() == [False, True, True]


def test_texts_are_not_run_together() -> None:
    rows = np.array([["a", "bc"], ["ab", "c"]], object)
    assert len(set(digest_features({"text": rows}).tolist())) == 2
