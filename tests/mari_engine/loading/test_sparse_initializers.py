"""Sparse initializers are made dense, or refused in one line."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from mari_engine import ModelError, load
from support.builders import build_proto

DENSE = np.array([[0, 2], [3, 0], [0, 0]], np.float32)


def model(indices: np.ndarray, extents: list[int]) -> bytes:
    proto = build_proto("y = MatMul (x, W)", inputs="float[N, 3] x", outputs="float[N, 2] y")
    proto.graph.sparse_initializer.append(
        onnx.helper.make_sparse_tensor(
            onnx.numpy_helper.from_array(np.array([2, 3], np.float32), "W"),
            onnx.numpy_helper.from_array(indices, "at"),
            extents,
        )
    )
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize("indices", [np.array([1, 2]), np.array([[0, 1], [1, 0]])])
def test_flat_and_listed_indices_give_the_same_weight(indices: np.ndarray) -> None:
    (weight,) = load(model(indices, [3, 2])).ir.graph.initializers.values()
    assert weight.const_value is not None
    assert np.array_equal(weight.const_value.numpy(), DENSE)


def test_indices_outside_are_refused() -> None:
    with pytest.raises(ModelError, match="m: sparse initializer 'W' is malformed"):
        load(model(np.array([1, 9]), [3, 2]), name="m")


def test_a_sparse_tensor_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(ModelError, match=r"'W' of \[300000, 300000\] is too large"):
        load(model(np.array([1, 2]), [300_000, 300_000]), name="m")
