"""What a node reads of known extents is a constant; what it reads of free ones is not."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine.loading.known_extents import read_extents
from support.builders import build

WEIGHTS = {
    "zero": np.array([0]), "one": np.array([1]), "last": np.array([-1]), "three": np.array([3]),
    "far": np.array([7]), "names": np.array(["a", "b"], dtype=object),
}  # fmt: skip


def last_node(body: str) -> ir.Node:
    given = {name: array for name, array in WEIGHTS.items() if name in body}
    data = build(body, inputs="float[N, 8, 3] x", outputs="int64[K] y", weights=given)
    return list(ir.serde.deserialize_model(onnx.load_model_from_string(data)).graph)[-1]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("y = Shape <start = 1> (x)", [8, 3]),
        ("y = Shape (names)", [2]),
        ("y = Size (names)", 2),
        ("s = Shape (x) y = Gather (s, last)", [3]),
        ("s = Shape (x) y = Slice (s, one, three)", [8, 3]),
        ("s = Shape (x) y = Slice (s, last, zero, zero, last)", [3, 8]),
    ],
)
def test_known_extents_are_read(body: str, wanted: object) -> None:
    array = read_extents(last_node(body))
    assert array is not None
    assert array.dtype == np.int64
    assert array.tolist() == wanted


@pytest.mark.parametrize(
    "body",
    [
        "y = Shape (x)",
        "y = Size (x)",
        "s = Shape (x) y = Gather (s, zero)",
        "s = Shape (x) y = Gather (s, far)",
        "s = Shape (x) y = Concat <axis = 0> (s, one)",
        "s = Shape (x) y = Cast <to = 7> (s)",
    ],
)
def test_what_the_run_decides_is_not_read(body: str) -> None:
    assert read_extents(last_node(body)) is None
