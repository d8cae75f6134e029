"""Choices by a mask that repeats itself for every candidate become choices by index."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Signature
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = stated(roles(u="user", i="item"), i=0)
WEIGHTS = {
    "above": np.triu(np.ones((4, 4), bool), 1), "pairs": np.array([-1, 6]),
    "rows": np.array([True, False, True, True]), "threes": np.array([-1, 3, 3]),
    "half": np.array(0.5, np.float32), "zero": np.array([0]), "two": np.array([2]),
    "W": np.arange(12, dtype=np.float32).reshape(6, 2),
}  # fmt: skip
PRODUCT = "c = Concat <axis = 1> (u, i) t = Transpose <perm = [0, 2, 1]> (c) p = MatMul (c, t) "
PAIRS = "r = Reshape (g, pairs) y = MatMul (r, W)"
ROWS = "f = Shape (p) s = Slice (f, zero, two, zero)"
TWICE = "q = Concat <axis = 0> (p, p)"
PLACES = "n = NonZero (e) k = Transpose <perm = [1, 0]> (n) "


def model(body: str, outputs: str) -> bytes:
    return build(
        PRODUCT + body, inputs="float[N, 1, 3] u, float[N, 3, 3] i", outputs=outputs,
        weights=WEIGHTS,
    )  # fmt: skip


WHOLE = f"s = Shape (p) e = Expand (above, s) {PLACES}"
CASES = {
    "pairs": (f"{WHOLE} g = GatherND (p, k) {PAIRS}", "float[N, 2] y", 0),
    "a list": (f"{WHOLE} y = GatherND (p, k)", "float[M] y", 0),
    "rows": (
        f"{ROWS} e = Expand (rows, s) {PLACES} g = GatherND (c, k) y = Reshape (g, threes)",
        "float[N, 3, 3] y", 0,
    ),
    "kept: places of another tensor": (f"{TWICE} {WHOLE} y = GatherND (q, k)", "float[M] y", 1),
    "kept: a mask that the run computes": (
        f"e = Greater (p, half) {PLACES} y = GatherND (p, k)", "float[M] y", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_places_of_a_repeated_mask_need_not_be_found(case: str) -> None:
    body, outputs, left = CASES[case]
    data = model(body, outputs)
    given = requests((1, 2, 5), u="user N, 1, 3", i="item N, 3, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []
    made = rewrite(load(data), LABELS, Options(signature=Signature.DROP_IN, candidates=500))
    assert sum(node.op_type == "NonZero" for node in made.model.graph) == left
