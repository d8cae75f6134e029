"""Padding beside other columns is a join."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.analysis import survey_model
from mari_engine.passes.contract import Refusal
from mari_engine.passes.pad_to_concat import ConstantPad, find_constant_pads
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
LABELS = roles(u="user", i="item")
GIVEN = requests(u="user N, 9", i="item N, 5")
WEIGHTS = {
    "after": np.array([0, 0, 0, 2]), "around": np.array([0, 1, 0, 1]), "three": np.array(3, "f"),
    "cut": np.array([0, -1, 0, 3]), "rows": np.array([1, 0, 0, 2]), "none": np.array(0, "f"),
    **{f"w{at}": RNG.integers(-2, 3, (4, 6)).astype("f") for at in range(4)},
}  # fmt: skip
TOKENS = """
    a, b, c, d = Split <axis = 1> (p)
    e = MatMul (a, w0) f = MatMul (b, w1) g = MatMul (c, w2) h = MatMul (d, w3)
    k = Add (e, f) l = Add (g, h) m = Add (k, l) y = Relu (m)
"""


def tokens(pad: str) -> bytes:
    """Return features of both sides cut into tokens, each of which meets weights of its own."""
    body = f"x = Concat <axis = 1> (u, i) p = {pad} {TOKENS}"
    inputs = "float[N, 9] u, float[N, 5] i"
    return build(body, inputs=inputs, outputs="float[N, 6] y", weights=WEIGHTS)


@pytest.mark.parametrize("pad", ["Pad (x, after)", "Pad (x, around)", "Pad (x, after, three)"])
def test_tokens_that_features_do_not_fill_are_split(pad: str) -> None:
    data = tokens(pad)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0)) == []
    made = plan(load(data), LABELS, signature="compact")
    once = {decision.op: decision.action for decision in made.decisions[:2]}
    assert once == {"MatMul": "once"}
    assert made.flops.after.flops.per_candidate < made.flops.before.flops.per_candidate / 1.5


def found(body: str) -> list[ConstantPad | Refusal]:
    data = build(body, inputs="float[N, 14] x", outputs="float[N, M] y", weights=WEIGHTS)
    model = load(data)
    return list(find_constant_pads(model.ir.graph, survey_model(model, frozenset({"N"}))))


READ = " a, b = Split <axis = 1> (p) y = Add (a, b)"


def test_what_is_a_join() -> None:
    (pad,) = found("p = Pad (x, after)" + READ)
    assert isinstance(pad, ConstantPad)
    assert (pad.axis, pad.width, pad.before, pad.after) == (1, 14, 0, 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("p = Pad <mode = 'reflect'> (x, after)" + READ, "elements of the value itself"),
        ("p = Pad (x, cut)" + READ, "it cuts"),
        ("p = Pad (x, rows)" + READ, "other than one axis"),
        ("l = ReduceMax <keepdims = 0> (x) p = Pad (x, after, l)" + READ, "only at run time"),
        ("p = Pad (x, after) y = Relu (p)", "read whole"),
    ],
    ids=["mirrored", "cut", "rows", "a number of the run", "read whole"],
)
def test_what_is_none(body: str, reason: str) -> None:
    (refusal,) = found(body.replace("'", '"'))
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
