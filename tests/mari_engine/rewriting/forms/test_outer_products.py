"""Products of all pairs that a product sums: runtimes broadcast in a loop along their last axis."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from mari_engine.graph import Model
from support.builders import build
from support.norm_models import rewritten
from support.rewrite_checks import alike, data_of, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item", j="item")
USER = 14


def pairs(few: int, many: int) -> bytes:
    """Return weighted pairs of rows, `[N, 8, 14 + few] x [N, 8, many]`, as CIN's second layer."""
    width = (USER + few) * many
    numbers = {"left": [0, 8, USER + few, 1], "right": [0, 8, 1, many], "all": [0, 8, width]}
    return build(
        """
        a = Concat <axis = 2> (u, i) l = Reshape (a, left) r = Reshape (j, right)
        p = MatMul (l, r) f = Reshape (p, all) m = MatMul (f, W) y = Flatten (m)
        """,
        inputs=f"float[N, 8, {USER}] u, float[N, 8, {few}] i, float[N, 8, {many}] j",
        outputs="float[N, 256] y", opset=17,
        weights={name: np.array(each) for name, each in numbers.items()}
        | {"W": np.random.default_rng(0).standard_normal((width, 32)).astype("f")},
    )  # fmt: skip


@pytest.mark.parametrize(("few", "many"), [(6, 32), (32, 6)])
def test_the_longer_side_is_last(few: int, many: int) -> None:
    written = data_of(Model(rewritten(pairs(few, many), LABELS).model, "m"))
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(written)).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in graph.value_info
    }
    products = [shapes[node.output[0]] for node in graph.node if node.op_type == "Mul"]
    assert [shape[-2:] for shape in products] == [[6, 32]]


def test_the_result_is_the_same() -> None:
    given = requests(
        (1, 3), whole=False, u=f"user N, 8, {USER}", i="item N, 8, 6", j="item N, 8, 32"
    )
    assert wrong_rewrites(pairs(6, 32), LABELS, given, alike(1e-5)) == []
