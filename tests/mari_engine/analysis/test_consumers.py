"""What products make of columns is weighed before sides are computed together."""

from __future__ import annotations

import numpy as np

from mari_engine import Column, InputLabel, Labels, Role, load, plan
from mari_engine.analysis import survey_model
from mari_engine.analysis.consumers import Consumers
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
FIELDS, USERS, WIDTH, HIDDEN = 6, 4, 16, 256


def drawn(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("f")


def saved(data: bytes, labels: Labels) -> float:
    """Return by how much fewer FLOPs a candidate takes."""
    made = plan(load(data), labels)
    return made.flops.before.flops.per_candidate / made.flops.after.flops.per_candidate


def test_offsets_of_a_shared_table_do_not_join_the_sides() -> None:
    data = build(
        """
        o = Add (x, offsets) e = Gather (table, o) f = Reshape (e, flat)
        h = MatMul (f, w) r = Relu (h) y = MatMul (r, last)
        """,
        inputs=f"int64[N, {FIELDS}] x",
        outputs="float[N, 1] y",
        weights={
            "offsets": np.arange(FIELDS) * 10, "table": drawn(10 * FIELDS, WIDTH),
            "flat": np.array([-1, FIELDS * WIDTH]), "w": drawn(FIELDS * WIDTH, HIDDEN),
            "last": drawn(HIDDEN, 1),
        },
    )  # fmt: skip
    mixed = [at % 3 != 2 for at in range(FIELDS)]
    columns = tuple(
        Column(start=at, stop=at + 1, role=Role.USER if user else Role.ITEM, name=f"f{at}")
        for at, user in enumerate(mixed)
    )
    labels = Labels({"x": InputLabel(columns=columns)})
    given = []
    for batch in (1, 3):
        ids = RNG.integers(0, 10, (batch, FIELDS))
        ids[:, mixed] = ids[:1, mixed]
        given.append({"x": ids})
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    assert saved(data, labels) > FIELDS / (FIELDS - USERS) * 0.9


def test_pairs_of_the_users_fields_meet_the_weights_once() -> None:
    pairs = [(a, b) for a in range(FIELDS) for b in range(a + 1, FIELDS)]
    data = build(
        """
        c = Concat <axis = 1> (u, i)
        a = Gather <axis = 1> (c, left) b = Gather <axis = 1> (c, right) p = Mul (a, b)
        h = MatMul (p, w) r = Relu (h) y = ReduceMean <keepdims = 0> (r, axes)
        """,
        inputs=f"float[N, {USERS}, {WIDTH}] u, float[N, {FIELDS - USERS}, {WIDTH}] i",
        outputs=f"float[N, {HIDDEN}] y",
        weights={
            "left": np.array([a for a, _ in pairs]), "right": np.array([b for _, b in pairs]),
            "w": drawn(WIDTH, HIDDEN), "axes": np.array([1]),
        },
        opset=18,
    )  # fmt: skip
    labels = roles(u="user", i="item")
    given = requests((1, 3), u=f"user N, {USERS}, {WIDTH}", i=f"item N, {FIELDS - USERS}, {WIDTH}")
    assert wrong_rewrites(data, labels, given, alike(1e-5)) == []
    users = USERS * (USERS - 1) // 2
    assert saved(data, labels) > len(pairs) / (len(pairs) - users) * 0.9


def test_worth_is_what_products_with_weights_spend_on_an_element() -> None:
    model = load(
        build(
            """
            a = Relu (x) b = Concat <axis = 1> (a, z) h = MatMul (b, w)
            s = Mul (x, z) y = Add (h, s)
            """,
            inputs="float[N, 3] x, float[N, 3] z",
            outputs="float[N, 3] y",
            weights={"w": drawn(6, 3)},
        )
    )
    ahead = Consumers(model.ir.graph, survey_model(model, frozenset({"N"})))
    values = {value.name: value for node in model.ir.graph for value in node.outputs}
    assert ahead.flops_per_element(values["a"]) == ahead.flops_per_element(values["b"]) == 2 * 3
    assert ahead.flops_per_element(values["s"]) == ahead.flops_per_element(values["y"]) == 0
