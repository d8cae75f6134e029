"""Heads and columns that TensorFlow models take apart and stack are transposed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.passes.pieces_to_transpose import PIECES_TO_TRANSPOSE
from support.builders import build
from support.pass_checks import after, reasons
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = stated(roles(u="user", i="item"), u=0, i=0)
GIVEN = requests(whole=False, u="user N, 5, 6", i="item N, 3, 6")
NUMBERS = {
    "zero": np.array([0]), "first": np.array(0), "second": np.array(1),
    "z": np.array([0]), "two": np.array([2]), "four": np.array([4]), "six": np.array([6]),
    "single": np.array([-1, 8, 2, 1]),
}  # fmt: skip

HEADS = """
    a, b, c = Split <axis = 2> (x) d = Unsqueeze (a, zero) e = Unsqueeze (b, zero)
    f = Unsqueeze (c, zero) y = Concat <axis = 0> (d, e, f)
"""
COLUMNS = """
    a, b, c, d, e, f = Split <axis = 2> (x) y = Concat <axis = 2> (a, b, c, d, e, f)
"""
SLICED = """
    a = Slice (x, z, two, two) b = Slice (x, two, four, two) c = Slice (x, four, six, two)
    d = Unsqueeze (a, two) e = Unsqueeze (b, two) f = Unsqueeze (c, two)
    y = Concat <axis = 2> (d, e, f)
"""
BACK = f"""
    {HEADS.replace("y =", "h =")} p, q, r = Split <axis = 0> (h)
    k = Reshape (p, single) l = Reshape (q, single) m = Reshape (r, single)
    y = Concat <axis = 3> (k, l, m)
"""
SHAPES = {HEADS: "3, N, 8, 2", COLUMNS: "N, 8, 6", SLICED: "N, 8, 3, 2", BACK: "N, 8, 2, 3"}
NAMES = ["heads", "columns", "sliced", "and back"]


def pieces(body: str, *, shape: str | None = None) -> bytes:
    """Return rows of both sides, taken apart and stacked anew."""
    read = body.replace("(", " ( ").replace(")", " ) ").replace(",", " ").split()
    return build(
        f"x = Concat <axis = 1> (u, i) {body}",
        inputs="float[N, 5, 6] u, float[N, 3, 6] i", outputs=f"float[{shape or SHAPES[body]}] y",
        weights={name: array for name, array in NUMBERS.items() if name in read}, opset=17,
    )  # fmt: skip


@pytest.mark.parametrize("body", SHAPES, ids=NAMES)
def test_it_is_the_same_in_every_way(body: str) -> None:
    assert wrong_rewrites(pieces(body), LABELS, GIVEN, alike(0)) == []


@pytest.mark.parametrize("body", SHAPES, ids=NAMES)
def test_no_piece_is_left(body: str) -> None:
    kinds = Counter(
        node.op_type for node in after(PIECES_TO_TRANSPOSE, load(pieces(body))).model.ir.graph
    )
    assert kinds["Concat"] == 1
    assert set(kinds) <= {"Concat", "Reshape", "Transpose"}


def test_what_keeps_its_order_is_a_view() -> None:
    body = """
        a = Gather <axis = 2> (x, first) b = Gather <axis = 2> (x, second)
        c = Unsqueeze (a, two) d = Unsqueeze (b, two) y = Concat <axis = 2> (c, d)
    """
    data = build(body, inputs="float[N, 3, 2] x", outputs="float[N, 3, 2] y",
                 weights={name: NUMBERS[name] for name in ("first", "second", "two")},
                 opset=17)  # fmt: skip
    kinds = [node.op_type for node in after(PIECES_TO_TRANSPOSE, load(data)).model.ir.graph]
    assert kinds == ["Reshape", "Reshape"]


@pytest.mark.parametrize(
    "body",
    [
        "y = Concat <axis = 2> (a, c, b)",
        "y = Concat <axis = 2> (a, b)",
        "t = Relu (b) y = Concat <axis = 2> (a, t, c)",
        "t = Transpose <perm = [1, 0, 2]> (b) y = Concat <axis = 2> (a, t, c)",
        "y = Concat <axis = 1> (a, b, c)",
    ],
    ids=["another order", "not all", "changed", "turned", "joined"],
)
def test_what_is_no_transpose_stays(body: str) -> None:
    data = build(
        f"a, b, c = Split <axis = 2> (x) {body}",
        inputs="float[4, 4, 3] x", outputs="float[4, M, K] y", opset=17,
    )  # fmt: skip
    assert reasons(PIECES_TO_TRANSPOSE, load(data)) == []


def test_two_free_extents_stay() -> None:
    data = build(
        "a, b = Split <axis = 2> (x) y = Concat <axis = 2> (a, b)",
        inputs="float[N, L, 2] x", outputs="float[N, L, 2] y", opset=17,
    )  # fmt: skip
    (reason,) = reasons(PIECES_TO_TRANSPOSE, load(data))
    assert "more than one extent" in reason
