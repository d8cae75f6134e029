from __future__ import annotations

import re

import numpy as np
import pytest

from mari_engine.analysis import Survey, survey_model
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_session
from mari_engine.serving.offload.opened_products import open_products
from mari_engine.serving.offload.sides import Sides, find_sides
from mari_engine.types import InputBinding, Side
from support.builders import build
from support.offload_models import label, weights

BODIES = {
    "a row of the request": "h = Gemm (x, W, row)",
    "scaled and turned": "h = Gemm <alpha = 0.5, transB = 1> (x, T, row)",
    "columns of both": "j = Concat <axis = 1> (c, x)\n h = Gemm (j, W5, row)",
    "columns in turn": "a, b = Split <axis = 1> (x, one_two)\n j = Concat <axis = 1> (a, c, b)\n"
    "h = Gemm (j, W5, row)",
    "reshaped joins": "x3 = Reshape (x, cube)\n c3 = Reshape (c, cubes)\n"
    "j3 = Concat <axis = 2> (c3, x3)\n j = Reshape (j3, flat)\n h = Gemm (j, W5, row)",
}
ROLES = label(x="item", c="cross", row="user")
LISTS = {
    "cube": np.array([-1, 1, 3]), "cubes": np.array([-1, 1, 2]), "flat": np.array([-1, 5]),
}  # fmt: skip


def model_of(body: str) -> Model:
    every = weights(W=(3, 5), T=(5, 3), W5=(5, 5)) | LISTS | {"one_two": np.array([1, 2])}
    used = {name: array for name, array in every.items() if re.search(rf"\b{name}\b", body)}
    inputs = "float[N, 3] x, float[N, 2] c, float[1, 5] row"
    return load(build(body, inputs=inputs, outputs="float[N, 5] h", weights=used))


def facts(model: Model) -> tuple[Survey, Sides]:
    survey = survey_model(model, frozenset({"N"}))
    bindings = [
        InputBinding(name, "float32", (), "request" if name == "row" else "candidate", name)
        for name in ROLES.inputs
    ]
    return survey, find_sides(model.ir.graph, survey, bindings, ROLES)


@pytest.mark.parametrize("kind", BODIES)
def test_the_items_share_becomes_a_value_and_the_product_stays_the_same(kind: str) -> None:
    model = model_of(BODIES[kind])
    work = Model(model.ir.clone(), "opened")
    (opened,) = open_products(work.ir, *facts(work))
    _, sides = facts(Model(work.ir, "surveyed anew"))
    by_name = {node.name: node for node in work.ir.graph}
    assert sides.of_node(by_name[opened.item]) == Side.ITEM
    assert {sides.of_node(by_name[name]) for name in opened.others} == {Side.CANDIDATE}
    rng = np.random.default_rng(0)
    feeds = {
        "x": rng.standard_normal((6, 3)), "c": rng.standard_normal((6, 2)),
        "row": rng.standard_normal((1, 5)),
    }  # fmt: skip
    feeds = {name: array.astype(np.float32) for name, array in feeds.items()}
    before, after = (open_session(each).run(feeds)["h"] for each in (model, work))
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)


def test_only_products_whose_values_are_wanted_are_opened() -> None:
    model = model_of(BODIES["columns of both"])
    for only, count in ((set(), 0), ({"h__item"}, 1), ({"j__item"}, 1)):
        work = Model(model.ir.clone(), "opened")
        assert len(open_products(work.ir, *facts(work), only)) == count


def test_a_product_without_columns_of_items_stays() -> None:
    model = load(
        build(
            "j = Concat <axis = 1> (c, d)\n h = Gemm (j, W, row)",
            inputs="float[N, 2] c, float[N, 1] d, float[1, 5] row",
            outputs="float[N, 5] h",
            weights=weights(W=(3, 5)),
        )
    )
    survey = survey_model(model, frozenset({"N"}))
    labels = label(c="cross", d="item volatile", row="user")
    bindings = [InputBinding(name, "float32", (), "candidate", name) for name in labels.inputs]
    sides = find_sides(model.ir.graph, survey, bindings, labels)
    assert open_products(model.ir, survey, sides) == ()
