"""Large tensors are turned as runtimes do it fast, and what turning costs is known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest

from mari_engine import load
from mari_engine.analysis import count_cost
from mari_engine.axes import CANDIDATES, moves_one
from mari_engine.rewriting.cost import Prices, line
from mari_engine.rewriting.emission import GraphBuilder
from support.builders import build

SIZES = (3, 5, 2, 4)
EXTENTS: dict[int, int | str] = {0: CANDIDATES, 1: 5, 2: 2, 3: 4}


def emitted(order: tuple[int, ...], extents: dict[int, int | str]) -> tuple[list[str], np.ndarray]:
    """Return the ops that turn a tensor, and what they make of counted elements."""
    builder = GraphBuilder(opset=17)
    given = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([3, 5, 2, 4]))
    builder.extents.register(CANDIDATES, given, 0)
    pieces = tuple((label,) for label in range(4))
    result, dims = builder.layouts.transpose(given, pieces, order, extents)
    assert [label for group in dims for label in group] == list(order)
    result.name = "y"
    graph = ir.Graph(
        [given], [result], nodes=builder.nodes, initializers=list(builder.initializers.values()),
        opset_imports={"": 17}, name="turn",
    )  # fmt: skip
    data = ir.serde.serialize_model(ir.Model(graph, ir_version=8)).SerializeToString()
    opened = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    (made,) = opened.run(None, {"x": np.arange(120, dtype=np.float32).reshape(SIZES)})
    return [node.op_type for node in builder.nodes], made


ORDERS = [order for order in permutations(range(4)) if order != (0, 1, 2, 3)]
AT_ONCE = [order for order in ORDERS if order[-1] == 3 or moves_one(order)]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_right_and_moves_one_end_at_a_time(order: tuple[int, ...]) -> None:
    ops, made = emitted(order, dict(EXTENTS))
    truth = np.arange(120, dtype=np.float32).reshape(SIZES).transpose(order)
    assert np.array_equal(made.ravel(), truth.ravel())
    apart = ["Transpose", "Reshape", "Transpose"]
    assert ops == (["Transpose"] if order in AT_ONCE else apart)


def test_few_orders_move_both_ends() -> None:
    assert (0, 2, 1, 3) in AT_ONCE
    assert (0, 2, 3, 1) in AT_ONCE
    assert (1, 0, 3, 2) not in AT_ONCE


def test_what_is_turned_once_a_request_is_turned_at_once() -> None:
    ops, _ = emitted((1, 0, 3, 2), {0: 3, 1: 5, 2: 2, 3: 4})
    assert ops == ["Transpose"]


def seconds(order: list[int]) -> float:
    data = build(
        f"y = Transpose <perm = {order}> (x)",
        inputs="float[N, 30, 2, 8] x",
        outputs="float[A, B, C, D] y",
    )
    cost = count_cost(load(data), frozenset({"N"}))
    return sum(line(work, Prices()).at(500) for work in cost.works.values())


def test_turning_costs_by_the_runs_that_move() -> None:
    copied, heads, both = seconds([0, 2, 3, 1]), seconds([0, 2, 1, 3]), seconds([0, 3, 2, 1])
    assert copied < heads < both
