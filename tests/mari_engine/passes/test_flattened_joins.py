"""Vectors laid side by side for rows of both sides leave the rows' sides apart once flattened."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mari_engine import plan
from mari_engine.loading import load
from mari_engine.passes.flattened_joins import FLATTENED_JOINS
from mari_engine.types import Action
from support.builders import build
from support.pass_checks import after, reasons
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

USER, ITEM, WIDTH, OTHER, HIDDEN = 40, 3, 4, 2, 96
ROWS = USER + ITEM
LABELS = stated(roles(u="user", i="item"), u=0, i=0)
GIVEN = requests(whole=False, u=f"user N, {USER}, {WIDTH}", i=f"item N, {ITEM}, {WIDTH}")
RNG = np.random.default_rng(0)
WEIGHTS = {
    "V": RNG.standard_normal((WIDTH, OTHER)).astype("f"),
    "W": RNG.standard_normal((ROWS * (WIDTH + OTHER), HIDDEN)).astype("f"),
    "flat": np.array([-1, ROWS * (WIDTH + OTHER)]), "apart": np.array([0, ROWS, -1]),
    "one": np.array([1]), "halves": np.array([0, 2 * ROWS, -1]),
}  # fmt: skip
JOINED = """
    x = Concat <axis = 1> (u, i) pu = MatMul (u, V) pi = MatMul (i, V)
    p = Concat <axis = 1> (pu, pi)
"""
LAID = {
    "by a reshape": "j = Concat <axis = 2> (x, p) f = Reshape (j, flat)",
    "by flattening": "j = Concat <axis = -1> (p, x) f = Flatten (j)",
    "rows of one value joined": "q = MatMul (x, V) j = Concat <axis = 2> (x, q) f = Flatten (j)",
}
OTHERS = {
    "no rows are joined": """
        s = Sigmoid (x) q = MatMul (x, V) j = Concat <axis = 2> (s, q) f = Flatten (j)
    """,
    "read elsewhere": """
        j = Concat <axis = 2> (x, p) m = ReduceMax <axes = [1, 2], keepdims = 0> (j)
        k = Unsqueeze (m, one) h = Flatten (j) f = Add (h, k)
    """,
    "another view": """
        j = Concat <axis = 2> (x, p) h = Reshape (j, halves) f = Flatten (h)
    """,
}


def tower(body: str) -> bytes:
    text = f"{JOINED} {body} y = MatMul (f, W)"
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
    return build(
        text, inputs=f"float[N, {USER}, {WIDTH}] u, float[N, {ITEM}, {WIDTH}] i",
        outputs=f"float[N, {HIDDEN}] y",
        weights={name: array for name, array in WEIGHTS.items() if name in words},
    )  # fmt: skip


@pytest.mark.parametrize("body", (LAID | OTHERS).values(), ids=LAID | OTHERS)
def test_it_is_the_same_in_every_way(body: str) -> None:
    assert wrong_rewrites(tower(body), LABELS, GIVEN, alike(1e-5)) == []


@pytest.mark.parametrize("body", LAID.values(), ids=LAID)
def test_a_product_behind_is_split_by_the_rows_sides(body: str) -> None:
    made = plan(load(tower(body)), LABELS, candidates=500)
    (last,) = (each for each in made.decisions if each.flops_before.per_candidate > 10_000)
    assert last.action == Action.SPLIT
    assert last.flops_after.per_candidate < 0.2 * last.flops_before.per_candidate


@pytest.mark.parametrize("body", LAID.values(), ids=LAID)
def test_columns_are_joined_and_put_in_order(body: str) -> None:
    before, form = load(tower(body)), after(FLATTENED_JOINS, load(tower(body)))
    made = Counter(node.op_type for node in form.model.ir.graph)
    assert made["Gather"] == 1
    assert made["Concat"] == Counter(node.op_type for node in before.ir.graph)["Concat"]


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
def test_what_is_not_flattened_rows_of_both_sides_stays(body: str) -> None:
    assert reasons(FLATTENED_JOINS, load(tower(body))) == []
