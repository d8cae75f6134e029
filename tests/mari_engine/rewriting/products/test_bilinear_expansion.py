"""Pairs of joined fields that are summed with weights: what each two sides become."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Action, Flops
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = stated(roles(a="user", i="item", b="user"), i=0)
INPUTS = "float[N, 6, 4] a, float[N, 3, 4] i, float[N, 2, 4] b"
GIVEN = requests(a="user N, 6, 4", i="item N, 3, 4", b="user N, 2, 4")
MANY = 1_000_000
FIELDS = "t = Concat <axis = 1> (a, i, b) "
SPELLINGS = {
    "conv": "p = Reshape (z, pairs) y = Conv (p, kernel, bias)",
    "matmul": "p = Reshape (z, pairs) q = MatMul (flat, p) y = Add (q, column)",
    "einsum": 'q = Einsum <equation = "bhmd,ohm->bod"> (z, cube) y = Add (q, column)',
}


def planned(body: str) -> Plan:
    """Check that the rewritten model is the same; return its plan for very many candidates."""
    draw = np.random.default_rng(7)
    cube = draw.integers(-2, 3, (5, 11, 11)).astype(np.float32)
    bias = draw.integers(-2, 3, 5).astype(np.float32)
    weights = {
        "cube": cube, "flat": cube.reshape(5, 121), "kernel": cube.reshape(5, 121, 1),
        "pairs": np.array([0, 121, 4]), "bias": bias, "column": bias[:, None],
    }  # fmt: skip
    data = build(body, inputs=INPUTS, outputs="float[N, 5, 4] y", weights=weights)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    return plan(load(data, name="m"), LABELS, candidates=MANY)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_request_fields_fold_into_the_weights_of_an_interaction(spelling: str) -> None:
    pairs = 'z = Einsum <equation = "bhd,bmd->bhmd"> (t, t) '
    made = planned(FIELDS + pairs + SPELLINGS[spelling])
    assert Action.SPLIT in {decision.action for decision in made.decisions}
    # of 11 x 11 pairs only the items' 3 x 3 are made per candidate; 3 fields meet folded weights
    assert made.flops.after.flops.per_candidate < 5 * 4 * 2 * (9 + 3 + 3) + 4 * 9 + 5 * 4 * 4
    assert made.flops.before.flops.per_candidate > 5 * 4 * 2 * 121


def test_an_interaction_of_candidates_only_stays_as_it_is() -> None:
    pairs = 'z = Einsum <equation = "bhd,bmd->bhmd"> (t, t) '
    items = "s = Concat <axis = 1> (i, i, i) t = Pad (s, more) "
    draw = np.ones((5, 121, 1), np.float32)
    weights = {"more": np.array([0, 1, 0, 0, 1, 0]), "kernel": draw,
               "pairs": np.array([0, 121, 4])}  # fmt: skip
    body = f"{items}{pairs} p = Reshape (z, pairs) y = Conv (p, kernel)"
    data = build(body, inputs=INPUTS, outputs="float[N, 5, 4] y", weights=weights)
    made = plan(load(data, name="m"), LABELS, candidates=MANY)
    assert {decision.action for decision in made.decisions} == {Action.KEPT}
    assert made.flops.after.flops == made.flops.before.flops


@pytest.mark.parametrize(
    ("attributes", "kernel"),
    [("", (3, 4, 1)), ("<group = 2>", (4, 2, 1)), ("<strides = [2]>", (3, 4, 1)),
     ("<pads = [1, 1]>", (3, 4, 1)), ('<auto_pad = "SAME_UPPER">', (3, 4, 1)), ("", (3, 4, 2))],
)  # fmt: skip
def test_only_a_convolution_of_single_places_is_a_product(
    attributes: str, kernel: tuple[int, ...]
) -> None:
    body = (
        "m = Transpose <perm = [0, 2, 1]> (a) n = Transpose <perm = [0, 2, 1]> (i) "
        f"c = Concat <axis = 2> (m, n) y = Conv {attributes} (c, W)"
    )
    weights = {"W": np.random.default_rng(3).integers(-2, 3, kernel).astype(np.float32)}
    data = build(body, inputs=INPUTS, outputs="float[N, O, P] y", weights=weights)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    found = plan(load(data, name="m"), LABELS, candidates=MANY).flops.after.flops
    single = not attributes and kernel[-1] == 1
    assert (found == Flops(2 * 3 * 4 * 6, 2 * 3 * 4 * 3)) == single
