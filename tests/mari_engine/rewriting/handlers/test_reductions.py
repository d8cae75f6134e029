"""Reductions: over joined fields, over what is constant, over an axis of extent 1."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine.loading import load
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Signature
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")


@pytest.mark.parametrize("op", ["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"])
def test_an_axis_of_extent_one_is_still_reduced(op: str) -> None:
    data = build(
        f"c = Mul (u, i) y = {op} <axes = [1]> (c)", inputs="float[N, 1] u, float[N, 1] i",
        outputs="float[N, 1] y",
    )  # fmt: skip
    given = requests(u="user N, 1", i="item N, 1")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceMax", "ReduceSumSquare", "ReduceProd"])
def test_fields_of_extent_one_are_counted_once(op: str) -> None:
    axes = "(c, one)" if op == "ReduceSum" else "(c)"
    given = "<keepdims = 0>" if op == "ReduceSum" else "<axes = [1], keepdims = 0>"
    data = build(
        f"""
        a = Unsqueeze (u, one) b = Unsqueeze (i, one)
        c = Concat <axis = 1> (a, b, a, k) y = {op} {given} {axes}
        """,
        inputs="float[N, 2] u, float[N, 2] i, float[N, 3, 2] k", outputs="float[N, 2] y",
        weights={"one": np.array([1])},
    )  # fmt: skip
    labels = roles(u="user", i="item", k="user")
    feeds = requests(u="user N, 2", i="item N, 2", k="user N, 3, 2")
    assert wrong_rewrites(data, labels, feeds, alike(0), candidates=1_000_000) == []


def axes_of(node: ir.Node) -> list[int]:
    """Return the axes of a reduction, by either spelling."""
    if "axes" in node.attributes:
        return list(node.attributes["axes"].as_ints())
    listed = node.inputs[1]
    known = None if listed is None else ir.convenience.get_const_tensor(listed)
    assert known is not None
    return [int(axis) for axis in known.numpy()]


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("op", ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2"])
def test_no_reduction_stops_before_an_axis_of_one_element(op: str, keepdims: int) -> None:
    """onnxruntime takes the elements for scattered ones there, and is 60 times slower."""
    read, given = ("(a, axis)", "") if op == "ReduceSum" else ("(a)", ", axes = [2]")
    data = build(
        f"a = Mul (u, i) y = {op} <keepdims = {keepdims}{given}> {read}",
        inputs="float[1, 3, 4, 1] u, float[N, 3, 4, 1] i",
        outputs=f"float[{'N, 3, 1, 1' if keepdims else 'N, 3, 1'}] y",
        weights={"axis": np.array([2])},
    )  # fmt: skip
    made = rewrite(load(data), LABELS, Options(signature=Signature.DROP_IN, candidates=500))
    (node,) = (node for node in made.model.graph if node.op_type == op)
    assert axes_of(node) == [2, 3]
    feeds = requests(u="user 1, 3, 4, 1", i="item N, 3, 4, 1")
    assert wrong_rewrites(data, LABELS, feeds, alike(1e-6)) == []


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize("op", ["ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"])
def test_a_tile_is_reduced_as_if_it_were_there(op: str, axis: int) -> None:
    data = build(
        f"s = Shape (i) t = Expand (u, s) y = {op} <axes = [{axis}], keepdims = 0> (t)",
        inputs="float[1, 3] u, float[N, 3] i", outputs="float[M] y",
    )  # fmt: skip
    given = [
        {"u": np.array([[2, -1, 1]], np.float32), "i": np.zeros((n, 3), np.float32)}
        for n in (1, 2, 5)
    ]
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_a_mean_over_the_candidates_sees_them_all() -> None:
    data = build(
        "c = Concat <axis = 1> (u, i) m = ReduceMean <axes = [0]> (c) y = Sub (c, m)",
        inputs="float[N, 2] u, float[N, 2] i", outputs="float[N, 4] y",
    )  # fmt: skip
    given = requests((1, 2, 4), u="user N, 2", i="item N, 2")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_a_sum_over_the_candidates_counts_the_request_side_as_often() -> None:
    data = build(
        "c = Concat <axis = 1> (u, i) y = ReduceSum <keepdims = 0> (c, zero)",
        inputs="float[N, 2] u, float[N, 2] i", outputs="float[4] y",
        weights={"zero": np.array([0])},
    )  # fmt: skip
    given = requests(u="user N, 2", i="item N, 2")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


NORM = """
    m = ReduceMean <axes = [-1]> (x) d = Sub (x, m) p = Pow (d, two)
    v = ReduceMean <axes = [-1]> (p) e = Add (v, small) s = Sqrt (e) q = Div (d, s)
    g = Mul (q, scale) y = Add (g, shift)
"""
RESIDUALS = {
    "plain": "c = Concat <axis = 1> (u, i) x = Tanh (c)",
    "of heads": """
        h = Reshape (i, heads) t = Transpose <perm = [0, 2, 1]> (h) r = Relu (t)
        b = Transpose <perm = [0, 2, 1]> (r) o = Reshape (b, flat) a = Add (i, o)
        x = Concat <axis = 1> (a, u)
    """,
    "of fields": "f = Reshape (i, heads) k = MatMul (f, w) o = Reshape (k, flat) x = Add (o, i)",
}


@pytest.mark.parametrize("residual", RESIDUALS)
def test_a_norm_of_both_sides_keeps_the_spelling_that_runtimes_know(residual: str) -> None:
    width = 6 if residual == "of fields" else 8
    data = build(
        RESIDUALS[residual] + NORM, inputs="float[N, 2] u, float[N, 6] i",
        outputs=f"float[N, {width}] y", opset=14,
        weights={
            "two": np.array(2, np.float32), "small": np.array(1e-5, np.float32),
            "scale": np.ones(width, np.float32), "shift": np.ones(width, np.float32),
            "heads": np.array([-1, 2, 3]), "flat": np.array([-1, 6]),
            "w": np.arange(9, dtype=np.float32).reshape(3, 3) % 4 - 1,
        },
    )  # fmt: skip
    labels = roles(u="user", i="item")
    given = requests(u="user N, 2", i="item N, 6", whole=False)
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    made = rewrite(load(data), labels, Options(signature=Signature.DROP_IN, candidates=500))
    ops = [node.op_type for node in made.model.graph]
    chain = ["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]
    assert ops[-len(chain) :] == chain
