"""Extents as numbers: what is made of Shape reads the candidates, whatever lies compact."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Action
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
WEIGHTS = {
    "zero": np.array(0), "z": np.array([0]), "one": np.array([1]), "step": np.array(1),
    "nought": np.array(0, np.int32), "unit": np.array(1, np.int32), "minus": np.array([-1]),
    "three": np.array([3]), "table": np.array([[0.5, -1.25, 3.75]], np.float32),
    "two": np.array([2]), "half": np.array([-1, 3]),
}  # fmt: skip
N = "s = Shape (u) n = Gather (s, zero) v = Slice (s, z, one) "


@pytest.mark.parametrize(
    ("body", "outputs"),
    [
        ("f = Cast <to = 1> (n) r = ReduceSum (i, z) y = Div (r, f)", "float[1, 3] y"),
        ("m = Cast <to = 6> (n) r = Range (nought, m, unit) y = Cast <to = 1> (r)", "float[M] y"),
        ("r = Range (zero, n, step) c = Cast <to = 1> (r) d = Unsqueeze (c, one) y = Add (i, d)",
         "float[N, 3] y"),
        ("r = Range (zero, step, step) g = Gather (table, r) y = Add (i, g)", "float[N, 3] y"),
        ("y = Cast <to = 6> (s)", "int32[2] y"),
        ("y = Cast <to = 1> (s)", "float[2] y"),
        ("y = Identity (s)", "int64[2] y"),
        ("e = Expand (n, v) f = Cast <to = 1> (e) g = Unsqueeze (f, one) y = Mul (i, g)",
         "float[N, 3] y"),
        ("e = Expand (n, v) y = CumSum (e, zero)", "int64[N] y"),
        ("y = Size (u)", "int64 y"),
        ("y = Less (zero, n)", "bool y"),
        ("c = ConstantOfShape <value = float[1] {2}> (s) y = MatMul (i, t)".replace(
            "t)", "g) d = Add (c, c)").replace("y = ", "g = Transpose (i) y = "), "float[N, N] y"),
        ("q = Equal (s, minus) o = Where (q, one, s) y = Expand (one, o)", "int64[M, K] y"),
        ("w = Concat <axis = 0> (v, three) t = Expand (u, w) y = Reshape (t, half)",
         "float[M, 3] y"),
        ("w = Mul (v, two) x = Concat <axis = 0> (i, i) r = Concat <axis = 0> (w, three) "
         "y = Reshape (x, r)".replace("x = Concat <axis = 0>", "x = Concat <axis = 0>"),
         "float[M, 3] y"),
    ],
)  # fmt: skip
def test_extents_agree(body: str, outputs: str) -> None:
    data = build(N + body, inputs="float[N, 3] u, float[N, 3] i", outputs=outputs, weights=WEIGHTS)
    given = requests((1, 2, 4), u="user N, 3", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_a_length_that_only_the_run_knows_divides() -> None:
    data = build(
        """
        s = Shape (h) n = Gather (s, step) f = Cast <to = 1> (n) t = ReduceSum (h, one)
        a = Div (t, f) y = Add (a, i)
        """,
        inputs="float[N, L, 3] h, float[N, 1, 3] i", outputs="float[N, 1, 3] y", weights=WEIGHTS,
    )  # fmt: skip
    given = [
        each for length in (1, 2, 4)
        for each in requests(h=f"user N, {length}, 3", i="item N, 1, 3")
    ]  # fmt: skip
    assert wrong_rewrites(data, roles(h="user", i="item"), given, alike(0)) == []


def test_repeats_that_are_written_as_one_hot_are_a_tile() -> None:
    """torch's repeat_interleave: the repeats are 1, except N at the axis that is new."""
    data = build(
        """
        s = Shape (i) n = Gather (s, zero) l = Reshape (n, minus)
        pair = Concat <axis = 0> (one, l) hot = OneHot (one, depth, pair)
        counts = Reshape (hot, minus) wide = Unsqueeze (u, one) many = Tile (wide, counts)
        rows = Flatten <axis = 2> (many) j = Concat <axis = 1> (rows, i) y = MatMul (j, W)
        """,
        inputs="float[1, 64] u, float[N, 3] i",
        outputs="float[N, 64] y",
        weights=WEIGHTS | {"depth": np.array(3), "W": np.ones((67, 64), np.float32)},
    )
    (decision,) = plan(load(data), LABELS).decisions
    assert decision.action == Action.SPLIT
    given = [
        {"u": whole["u"][:1], "i": whole["i"]}
        for whole in requests((1, 2, 4), u="user N, 64", i="item N, 3")
    ]
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_rows_of_a_table_at_places_known_before_the_run_keep_their_type() -> None:
    """A position embedding: its rows are numbers, though its places are counted."""
    data = build(
        """
        s = Shape (i) n = Gather (s, zero) l = Reshape (n, minus)
        pair = Concat <axis = 0> (one, l) hot = OneHot (one, depth, pair)
        counts = Reshape (hot, minus) wide = Unsqueeze (u, one) many = Tile (wide, counts)
        rows = Flatten <axis = 2> (many) h = Reshape (rows, cut)
        t = Shape (h) m = Gather (t, step) p = Range (zero, m, step) e = Gather (T, p)
        a = Add (h, e) k = Unsqueeze (i, one) b = Add (a, k) y = MatMul (b, V)
        """,
        inputs="float[1, 15] u, float[N, 3] i",
        outputs="float[N, 5, 2] y",
        weights=WEIGHTS | {
            "T": np.linspace(-1, 1, 21).reshape(7, 3).astype(np.float32), "depth": np.array(3),
            "V": np.ones((3, 2), np.float32), "cut": np.array([0, -1, 3]),
        },
    )  # fmt: skip
    given = [
        {"u": whole["u"][:1], "i": whole["i"]}
        for whole in requests((1, 2, 4), u="user N, 15", i="item N, 3")
    ]
    assert wrong_rewrites(data, LABELS, given, alike(1e-6)) == []


@pytest.mark.parametrize(
    "body",
    [
        "f = Cast <to = 2> (n)",
        "m = Cast <to = 3> (n) f = Neg (m)",
        "m = Cast <to = 5> (n) f = Mul (m, short)",
        "m = Cast <to = 6> (n) f = Mul (m, many)",
        "m = Mul (n, most) f = Div (m, most)",
        "p = Cast <to = 6> (s) q = ReduceProd <axes = [0], keepdims = 0> (p) f = Mul (q, many)",
        "f = Cast <to = 9> (n)",
        "f = Cast <to = 10> (n)",
        "m = Cast <to = 1> (n) p = Mul (m, far) q = Add (p, m) f = Sub (q, p)",
        "m = Neg (n) f = Abs (m)",
    ],
)
def test_a_type_that_does_not_hold_an_extent_is_left_to_the_run(body: str) -> None:
    """Some wrap around, or are rounded, only from more candidates on than any check draws."""
    weights = WEIGHTS | {
        "short": np.array(96, np.int16), "many": np.array(2**22, np.int32),
        "most": np.array(2**54), "far": np.array(2**24, np.float32),
    }  # fmt: skip
    data = build(
        N + body + " g = Cast <to = 1> (f) y = Mul (i, g)",
        inputs="float[N, 3] u, float[N, 3] i", outputs="float[N, 3] y", weights=weights,
    )  # fmt: skip
    given = requests((1, 2, 4, 300, 700, 2049), u="user N, 3", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_numbers_that_came_of_extents_divide_as_their_type_does() -> None:
    """3 N / N is a fraction where it was made of one."""
    data = build(
        N + "m = Cast <to = 1> (n) p = Mul (m, t) q = Div (p, m) r = Mul (m, d) w = Div (r, m) "
        "f = Div (q, w) y = Mul (i, f)",
        inputs="float[N, 3] u, float[N, 3] i", outputs="float[N, 3] y",
        weights=WEIGHTS | {"t": np.array(3, np.float32), "d": np.array(2, np.float32)},
    )  # fmt: skip
    given = requests((1, 2, 4), u="user N, 3", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []
