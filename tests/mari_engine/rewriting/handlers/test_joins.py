"""Columns joined, cut, picked and shown in other shapes, and nodes that need them whole."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Column, InputLabel, Labels, Role
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item", x="cross")
INPUTS = "float[N, 4] u, float[N, 3] i, float[N, 2] x"
WEIGHTS = {
    "W": np.arange(36, dtype=np.float32).reshape(9, 4) % 5 - 2, "z": np.array([0]),
    "one": np.array([1]), "two": np.array([2]), "three": np.array([3]), "back": np.array([-1]),
    "far": np.array([-99]), "perm": np.array([8, 0, 3, 3, -1, 5]), "cube": np.array([-1, 3, 3]),
    "six": np.array([0, 6]), "pads": np.array([0, 1, 0, 2]), "cut": np.array([5, 4]),
    "up": np.array([2, 1, 1]), "each": np.repeat(np.arange(9), 3), "over": np.tile(np.arange(9), 3),
}  # fmt: skip
C = "c = Concat <axis = -1> (u, i, x) "


@pytest.mark.parametrize(
    "body",
    [
        "y = Concat <axis = 1> (u, i, x, u, i)",
        "d = Concat <axis = 1> (i, u) y = Concat <axis = 1> (d, x, d, u)",
        f"{C} y = Gather <axis = 1> (c, perm)",
        f"{C} y = Gather <axis = 1> (c, each)",
        f"{C} y = Gather <axis = 1> (c, over)",
        f"{C} y = Slice (c, back, far, one, back)",
        f"{C} y = Slice (c, one, far, one, back)",
        f"{C} a, b = Split <axis = 1> (c, cut) y = Concat <axis = 1> (b, a)",
        f"{C} y = Pad (c, pads)",
        f"{C} r = Reshape (c, cube) y = Transpose <perm = [0, 2, 1]> (r)",
        f"{C} r = Reshape (c, cube) s = Slice (r, one, two, one) y = Softmax <axis = 2> (s)",
        f"{C} r = Reshape (c, cube) y = ReduceMax <axes = [1]> (r)",
        f"{C} r = Reshape (c, cube) y = Gather <axis = 2> (r, z)",
        f"{C} s = Slice (c, two, three, one) e = Expand (s, up) y = Add (e, x)",
        f"{C} s = Slice (u, one, two, one) y = Mul (c, s)",
        f"{C} s = Slice (u, one, three, one) t = Slice (s, one, two, one) y = Add (c, t)",
        f"{C} y = CumSum (c, zero)".replace("zero", "k").replace(
            C, "k = Constant <value_int = 0> () " + C
        ),
        f"{C} y = Softmax <axis = 0> (c)",
        f"{C} y, w = TopK <axis = 0> (c, one)",
        f"{C} d = Concat <axis = 0> (c, c) y = ReduceSum (d, z)",
    ],
)
def test_what_is_joined_is_the_same_when_read(body: str) -> None:
    data = build(body, inputs=INPUTS, outputs="float[?, ?] y".replace("?", "M"), weights=WEIGHTS)
    limit = 1e-6 if "Softmax" in body else 0
    assert (
        wrong_rewrites(
            data,
            LABELS,
            requests(u="user N, 4", i="item N, 3", x="item N, 2"),
            alike(limit),
            candidates=10**6,
        )
        == []
    )


@pytest.mark.parametrize("candidates", [1, 10**6])
def test_a_packed_input_joined_with_lookups_keeps_its_width(candidates: int) -> None:
    data = build(
        """
        s = Slice (p, three, four, one) id = Cast <to = 7> (s) g = Gather (t, id)
        r = Reshape (g, row) e = Gather (t2, k) c = Concat <axis = -1> (e, r, p)
        y = MatMul (c, W)
        """,
        inputs="float[N, 4] p, int64[N] k", outputs="float[N, 4] y",
        weights=WEIGHTS | {
            "t": np.ones((3, 2), np.float32), "t2": np.arange(9, dtype=np.float32).reshape(3, 3),
            "row": np.array([-1, 2]), "four": np.array([4]),
        },
    )  # fmt: skip
    sides = [Role.USER, Role.ITEM, Role.USER, Role.USER]
    columns = tuple(Column(start=at, stop=at + 1, role=role) for at, role in enumerate(sides))
    labels = Labels({"p": InputLabel(columns=columns), "k": InputLabel(role=Role.CROSS)})
    given: list[dict[str, np.ndarray]] = []
    for batch in (1, 2, 5):
        packed = np.ones((batch, 4), np.float32)
        packed[:, 1] = np.arange(batch)
        given.append({"p": packed, "k": np.arange(batch) % 3})
    assert wrong_rewrites(data, labels, given, alike(0), candidates=candidates) == []


def test_one_column_is_repeated_along_new_axes() -> None:
    data = build(
        "s = Slice (u, one, two, one) e = Expand (s, up) f = Expand (s, wide) y = Add (e, i)",
        inputs="float[1, 4] u, float[N, 3] i", outputs="float[2, N, 3] y, float[1, 2] f",
        weights=WEIGHTS | {"wide": np.array([2])},
    )  # fmt: skip
    given = requests(u="user 1, 4", i="item N, 3")
    assert wrong_rewrites(data, roles(u="user", i="item"), given, alike(0)) == []


def test_weights_meet_fields_before_these_are_paired() -> None:
    first, second = (index.ravel() for index in np.divmod(np.arange(49), 7))
    data = build(
        """
        c = Concat <axis = 1> (u, i) l = Gather <axis = 1> (c, first)
        r = Gather <axis = 1> (c, second) p = Concat <axis = 2> (l, r) s = MatMul (p, w)
        t = Tanh (s) y = Reshape (t, square)
        """,
        inputs="float[N, 4, 5] u, float[N, 3, 5] i", outputs="float[N, 7, 7] y",
        weights={
            "first": first, "second": second, "square": np.array([-1, 7, 7]),
            "w": np.arange(10, dtype=np.float32).reshape(10, 1) % 4 - 1,
        },
    )  # fmt: skip
    labels = roles(u="user", i="item")
    given = requests(u="user N, 4, 5", i="item N, 3, 5")
    assert wrong_rewrites(data, labels, given, alike(1e-6)) == []
    made = plan(load(data), labels)
    products = [work for name, work in made.flops.after.nodes.items() if "MatMul" in name]
    assert sum(work.per_candidate for work in products) <= 2 * 2 * 7 * 5 + 49
    assert made.flops.before.nodes["MatMul"].per_candidate == 2 * 49 * 10
