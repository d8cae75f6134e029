"""Rotary embeddings: places are treated alone, in each form of both ops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from onnx import helper, numpy_helper

from mari_engine import load, plan
from mari_engine.types import InputLabel, Labels, Role
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import double_model
from support.rewrite_checks import run, session, wrong_rewrites

LENGTH, HEADS, WIDTH = 5, 2, 4
ANGLES = np.arange(9)[:, None] / 10.0 ** np.arange(WIDTH // 2)
LABELS = Labels({"u": InputLabel(role=Role.USER, axis=0), "i": InputLabel(role=Role.ITEM, axis=0)})


@dataclass(frozen=True)
class Form:
    by_head: bool = False
    interleaved: int = 0
    turning: int = 0
    """Elements that are turned; all of them where it is 0."""
    runtime: bool = False
    one_offset: bool = False
    """One place of the runtime's op for all rows: that of the first."""
    listed: bool = True
    """Angles are looked up by places, and not given for each."""


FORMS = {
    "flat": Form(),
    "by head, interleaved": Form(by_head=True, interleaved=1),
    "in part": Form(turning=2),
    "angles of each place": Form(listed=False),
    "runtime's": Form(runtime=True),
    "runtime's, by head": Form(runtime=True, by_head=True),
    "runtime's, interleaved": Form(runtime=True, interleaved=1),
    "runtime's, one offset": Form(runtime=True, one_offset=True),
    "runtime's, in part": Form(runtime=True, turning=2),
}


def build(form: Form) -> bytes:
    """Return `[N, 5, 8]` of a history of four places with the item behind it, turned."""
    angles = ANGLES[:, : (form.turning or WIDTH) // 2]
    rows = np.arange(LENGTH)[None]
    places = np.array([2]) if form.one_offset else rows + 1
    held = {
        "heads": np.array([0, LENGTH, HEADS, WIDTH]), "flat": np.array([0, LENGTH, HEADS * WIDTH]),
        "ids": places, "extents": np.array([LENGTH]),
        "c": np.cos(angles).astype(np.float32), "s": np.sin(angles).astype(np.float32),
    }  # fmt: skip
    nodes = [helper.make_node("Concat", ["u", "i"], ["x"], axis=1, name="join")]
    x, ids, caches = "x", "ids", ["c", "s"]
    if not form.one_offset:  # of as many rows as there are candidates
        nodes += [
            helper.make_node("Shape", ["i"], ["n"], name="n", start=0, end=1),
            helper.make_node("Concat", ["n", "extents"], ["rows"], name="rows", axis=0),
            helper.make_node("Expand", ["ids", "rows"], ["all"], name="all"),
        ]
        ids = "all"
    if not form.listed:
        nodes += [helper.make_node("Gather", [c, ids], [f"{c}_all"], name=c) for c in caches]
        caches = ["c_all", "s_all"]
    if form.by_head:
        nodes += [
            helper.make_node("Reshape", ["x", "heads"], ["split"], name="split"),
            helper.make_node("Transpose", ["split"], ["turned"], name="t", perm=[0, 2, 1, 3]),
        ]
        x = "turned"
    order = [x, ids, *caches] if form.runtime else [x, *caches, *([ids] if form.listed else [])]
    given: dict[str, int] = {"interleaved": form.interleaved}
    given |= {"rotary_embedding_dim": form.turning} if form.turning else {}
    given |= {} if form.by_head and not form.turning else {"num_heads": HEADS}
    domain = "com.microsoft" if form.runtime else ""
    nodes.append(
        helper.make_node("RotaryEmbedding", order, ["y"], name="rope", domain=domain, **given)
    )
    shape = ["N", HEADS, LENGTH, WIDTH] if form.by_head else ["N", LENGTH, HEADS * WIDTH]
    graph = helper.make_graph(
        nodes, "rope",
        [helper.make_tensor_value_info("u", 1, ["N", LENGTH - 1, HEADS * WIDTH]),
         helper.make_tensor_value_info("i", 1, ["N", 1, HEADS * WIDTH])],
        [helper.make_tensor_value_info("y", 1, shape)],
        [numpy_helper.from_array(array, name) for name, array in held.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def draw(batch: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(batch)
    history = rng.standard_normal((1, LENGTH - 1, HEADS * WIDTH)).repeat(batch, 0)
    item = rng.standard_normal((batch, 1, HEADS * WIDTH))
    return {"u": history.astype(np.float32), "i": item.astype(np.float32)}


def near(left: np.ndarray, right: np.ndarray) -> bool:
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=1e-5, atol=1e-6))


@pytest.mark.parametrize("name", FORMS)
def test_rewritten_it_equals_the_original(name: str) -> None:
    data = build(FORMS[name])
    assert wrong_rewrites(data, LABELS, [draw(batch) for batch in (1, 2, 5)], near) == []
    made = plan(load(data, name="rope"), LABELS)
    assert made.failures == ()
    assert made.coloring.unknown == {}


@pytest.mark.parametrize("name", FORMS)
def test_its_float64_form_computes_the_same(name: str) -> None:
    data, feeds = build(FORMS[name]), draw(3)
    doubled = double_model(load(data, name="rope"))
    assert doubled.single == ()
    (truth,) = Float64Evaluator(doubled).run(feeds).values()
    (own,) = run(session(data), feeds).values()
    assert truth.dtype == np.float64
    assert near(own, truth.astype(np.float32))
