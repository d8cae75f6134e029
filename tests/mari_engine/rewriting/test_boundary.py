"""Inputs by signature: what is bound by the manifest's words alone gives the same results."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Column, InputBinding, InputLabel, Labels, Role, Signature
from support.builders import build
from support.rewrite_checks import (
    alike,
    data_of,
    requests,
    roles,
    run,
    session,
    wrong_rewrites,
)


@pytest.mark.parametrize(
    ("shape", "feed"),
    [
        ("N, 4", "user N, 4"),
        ("1, 4", "user 1, 4"),
        ("3, N, 4", "user 3, N, 4"),
        ("3, 1, 4", "user 3, 1, 4"),
        ("3, 4", "user 3, 4"),
        ("4", "user 4"),
    ],
)
def test_a_request_input_is_bound_wherever_its_candidates_lie(shape: str, feed: str) -> None:
    rank = shape.count(",") + 1
    axes = np.array(range(rank)) if rank else np.array([0])
    data = build(
        "t = ReduceSum <keepdims = 0> (u, axes) d = Mul (u, u) e = ReduceSum (d, axes) "
        "f = Reshape (e, one) g = Add (f, t) y = Add (i, g)" if "N" not in shape else
        "d = Mul (u, u) y = Add (d, j)".replace("j)", "i)"),
        inputs=f"float[{shape}] u, float[{'N, 4' if rank < 3 else '1, N, 4'}] i",
        outputs="float[M, K] y", weights={"axes": axes, "one": np.array([1])},
    )  # fmt: skip
    item = "item N, 4" if rank < 3 else "item 1, N, 4"
    given = requests(u=feed, i=item)
    assert wrong_rewrites(data, roles(u="user", i="item"), given, alike(0)) == []


def test_a_model_without_candidates_gives_as_many_rows_as_it_is_asked_for() -> None:
    data = build(
        "y = MatMul (u, W)", inputs="float[N, 2] u", outputs="float[N, 4] y",
        weights={"W": np.ones((2, 4), np.float32)},
    )  # fmt: skip
    given = requests(u="user N, 2")
    assert wrong_rewrites(data, roles(u="user"), given, alike(0)) == []


def test_a_packed_input_becomes_two_with_their_columns_named() -> None:
    data = build(
        "y = MatMul (p, W)", inputs="float[N, 5] p", outputs="float[N, 2] y",
        weights={"W": np.arange(10, dtype=np.float32).reshape(5, 2)},
    )  # fmt: skip
    columns = (
        Column(start=0, stop=1, role=Role.ITEM),
        Column(start=1, stop=3, role=Role.CONTEXT),
        Column(start=3, stop=4, role=Role.CROSS),
        Column(start=4, stop=5, role=Role.USER),
    )
    labels = Labels({"p": InputLabel(columns=columns)})
    made = plan(load(data, name="m"), labels, signature=Signature.COMPACT)
    assert made.interface.inputs == (
        InputBinding("p__request", "float32", (1, 3), "request", "p", (1, 2, 4)),
        InputBinding("p__candidate", "float32", ("N", 2), "candidate", "p", (0, 3)),
    )
    given = []
    for batch in (1, 2, 5):
        packed = np.ones((batch, 5), np.float32)
        packed[:, [0, 3]] = np.arange(2 * batch).reshape(batch, 2)
        given.append({"p": packed})
    assert wrong_rewrites(data, labels, given, alike(0)) == []


def test_the_first_row_of_a_packed_input_is_made_sure_of_once() -> None:
    """Each column that is cut from it is then a row, without candidates too."""
    cuts = " ".join(
        f"s{at} = Slice (p, c{at}, c{at + 1}, axis) i{at} = Cast <to = 7> (s{at}) "
        f"e{at} = Gather (T, i{at}) r{at} = Reshape (e{at}, flat)"
        for at in range(4)
    )
    data = build(
        f"{cuts} h = Concat <axis = 1> (r0, r1, r2, r3) y = MatMul (h, W)",
        inputs="float[N, 4] p", outputs="float[N, 64] y",
        weights={
            **{f"c{at}": np.array([at]) for at in range(5)}, "axis": np.array([1]),
            "flat": np.array([-1, 8]), "T": np.arange(8, dtype=np.float32).reshape(1, 8),
            "W": np.ones((32, 64), np.float32),
        },
    )  # fmt: skip
    columns = (Column(start=0, stop=3, role=Role.USER), Column(start=3, stop=4, role=Role.ITEM))
    labels = Labels({"p": InputLabel(columns=columns)})
    made = plan(load(data, name="m"), labels, candidates=5000)
    used = Counter(node.op_type for node in made.optimized.ir.graph)
    assert used["ReduceProd"] == 0
    assert made.flops.after.uncounted == ()
    given = [{"p": np.zeros((rows, 4), np.float32)} for rows in (1, 3)]
    assert wrong_rewrites(data, labels, given, alike(0)) == []
    (nobody,) = run(session(data_of(made.optimized)), {"p": np.zeros((0, 4), np.float32)}).values()
    assert nobody.shape == (0, 64)
