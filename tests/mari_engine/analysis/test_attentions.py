"""Attentions are found as one where nothing else reads their scores, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load
from mari_engine.analysis import survey_model
from mari_engine.analysis.attentions import Attention, find_attentions
from support.builders import build

INPUTS = "float[N, 5, 4] q, float[N, 7, 4] k, float[N, 7, 3] v, bool[N, 5, 7] m"
WEIGHTS = {
    "scale": np.array(0.5, "f"), "low": np.array(-np.inf, "f"), "zero": np.array(0.0, "f"),
    "w": np.ones((4, 7), "f"), "pairs": np.ones((5, 7), "f"), "one": np.array([1]),
}  # fmt: skip
SCORES = "kt = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, kt)"


def found(body: str, outputs: str = "float[N, 5, 3] y") -> list[Attention]:
    data = build(f"{SCORES} {body}", inputs=INPUTS, outputs=outputs, weights=WEIGHTS)
    model = load(data, name="attention")
    survey = survey_model(model, frozenset({"N"}))
    return list(dict.fromkeys(find_attentions(model.ir.graph, survey).values()))


def test_scores_are_scaled_masked_and_weighed() -> None:
    (one,) = found("""
        t = Mul (s, scale) u = Where (m, t, low) p = Softmax <axis = -1> (u)
        y = MatMul (p, v)
    """)
    assert [node.op_type for node in one.before] == ["Mul", "Where"]
    assert one.softmax is not None
    assert (one.query, one.key, one.weights) == (0, 2, 0)
    assert one.masked
    assert not one.square


@pytest.mark.parametrize(
    ("before", "masked"),
    [("t = Mul (s, scale)", False), ("t = Add (s, pairs)", False), ("t = Add (s, low)", True)],
)
def test_finite_constants_mask_nothing(before: str, masked: bool) -> None:
    (one,) = found(f"{before} p = Softmax <axis = -1> (t) y = MatMul (p, v)")
    assert one.masked == masked


def test_keys_are_followed_through_views() -> None:
    (one,) = found("""
        t = Transpose <perm = [0, 2, 1]> (s) p = Softmax <axis = 1> (t)
        y = Einsum <equation = "nkq,nkd->nqd"> (p, v)
    """)
    assert one.places[one.total.inputs[0] or one.scores.outputs[0]] == (0, 2, 1)


def test_weights_may_be_elementwise() -> None:
    (one,) = found("g = Sigmoid (s) p = Mul (s, g) y = MatMul (p, v)")
    assert one.softmax is None
    assert len(one.before) == 2


def test_a_softmax_may_be_guarded_and_scaled() -> None:
    (one,) = found("""
        p = Softmax <axis = -1> (s) b = IsNaN (p) g = Where (b, zero, p) h = Mul (scale, g)
        y = MatMul (h, v)
    """)
    assert [node.op_type for node in one.after] == ["IsNaN", "Where", "Mul"]


@pytest.mark.parametrize(
    "body",
    [
        "p = Softmax <axis = -1> (s) p2 = Exp (p) y = MatMul (p2, v)",
        "p = Softmax <axis = -1> (s) p2 = Add (p, scale) y = MatMul (p2, v)",
        "p = Softmax <axis = -1> (s) p2 = Mul (p, p) y = MatMul (p2, v)",
        "p = Softmax <axis = -1> (s) p2 = Mul (p, s) y = MatMul (p2, v)",
        "p = Softmax <axis = -1> (s) p2 = Div (scale, p) y = MatMul (p2, v)",
        "p = Softmax <axis = 1> (s) y = MatMul (p, v)",
        "p0 = Softmax <axis = -1> (s) p = Softmax <axis = -1> (p0) y = MatMul (p, v)",
        "p = LogSoftmax <axis = -1> (s) y = MatMul (p, v)",
        "p = Hardmax <axis = -1> (s) y = MatMul (p, v)",
        "z = MatMul (q, w) p = Softmax <axis = -1> (z) y = MatMul (p, v)",
    ],
)
def test_what_weights_of_parts_could_not_take_is_none(body: str) -> None:
    assert not found(body)


@pytest.mark.parametrize(
    ("more", "outputs"),
    [
        ("", "float[N, 5, 3] y, float[N, 5, 7] p"),
        ("r = Relu (s)", "float[N, 5, 3] y, float[N, 5, 7] r"),
    ],
)
def test_what_is_read_elsewhere_is_none(more: str, outputs: str) -> None:
    assert not found(f"p = Softmax <axis = -1> (s) y = MatMul (p, v) {more}", outputs)


def test_one_may_read_what_another_gives() -> None:
    first, second = found(
        """
        p = Softmax <axis = -1> (s) a = MatMul (p, v) at = Transpose <perm = [0, 2, 1]> (a)
        s2 = MatMul (v, at) p2 = Softmax <axis = -1> (s2) y = MatMul (p2, a)
        """,
        "float[N, 7, 3] y",
    )
    assert not set(first.nodes) & set(second.nodes)
