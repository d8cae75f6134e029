"""Histories that are as long, by name, as there are candidates: asked about, and never cut."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from mari_engine import LabelError, Labels, load
from mari_engine.analysis import propose_axes, survey_by_labels
from mari_engine.graph import Model
from mari_engine.types import FROM_GRAPH
from support.builders import build, build_proto
from support.rewrite_checks import roles, stated

LABELS = roles(u="user", i="item")
WEIGHTS = {"W": np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4), "zero": np.array(0),
           "last": np.array([1]), "one": np.array([1])}  # fmt: skip


def made(body: str, inputs: str = "float[N, 4] u, float[N, 4] i") -> Model:
    return load(build(body, inputs=inputs, outputs="float[M, D] y", weights=WEIGHTS), name="m")


@pytest.mark.parametrize(
    "body",
    [
        "a = MatMul (u, W) m = ReduceMean <axes = [0]> (a) y = Add (i, m)",
        "m = ReduceMax <axes = [0]> (u) y = Add (i, m)",
        "p = Softmax <axis = 0> (u) y = Add (i, p)",
        "l = Gather <axis = 0> (u, last) y = Add (i, l)",
        "s = CumSum (u, zero) y = Add (i, s)",
        "t = Transpose <perm = [1, 0]> (u) s = MatMul (i, t) p = Softmax (s) y = MatMul (p, u)",
        's = Einsum <equation = "nd,md->nm"> (i, u) y = MatMul (s, i)',
        "c = Concat <axis = 0> (u, i) m = ReduceMean <axes = [0]> (c) y = Add (i, m)",
        "r = Relu (u) c = Concat <axis = 0> (u, r) m = ReduceMean <axes = [0]> (c) y = Add (i, m)",
        """r = Relu (u) c = Concat <axis = 0> (u, r) t = Transpose <perm = [1, 0]> (c)
        s = MatMul (i, t) p = Softmax (s) y = MatMul (p, c)""",
    ],
)
def test_rows_that_may_be_a_history_are_asked_about(body: str) -> None:
    model = made(body)
    with pytest.raises(LabelError, match=r"input 'u': .* may not treat alike.* state its \"axis\""):
        survey_by_labels(model, LABELS)
    proposed = propose_axes(model, LABELS).inputs["u"]
    assert proposed.axis == FROM_GRAPH
    assert "one row repeated, or a history" in proposed.axis_evidence[0]
    assert survey_by_labels(model, stated(LABELS, u=0)).symbols == {"N"}


@pytest.mark.parametrize(
    "body",
    [
        "a = MatMul (u, W) b = Relu (a) y = Add (i, b)",
        "p = Softmax <axis = 1> (u) y = Concat <axis = 1> (p, i)",
        "t = Transpose <perm = [1, 0]> (u) v = Transpose <perm = [1, 0]> (t) y = Mul (v, i)",
        "m = Mul (u, i) y = ReduceMean <axes = [0]> (m)",
        "r = Relu (u) c = Concat <axis = 0> (u, r) a, b = Split <axis = 0> (c) y = Add (i, b)",
        "s = Shape (u) y = Expand (i, s)",
        "l = ReduceSum <keepdims = 0> (u, last) v, k = TopK (l, one) y = Add (i, v)",
        """l = ReduceSum <keepdims = 0> (u, last) s = Shape (l) v, k = TopK (l, s)
        r = Gather <axis = 0> (u, k) y = Add (i, r)""",
    ],
)
def test_rows_that_are_carried_along_are_one_row_repeated(body: str) -> None:
    assert survey_by_labels(made(body), LABELS).symbols == {"N"}


def test_a_table_that_ids_are_looked_up_in_is_asked_about() -> None:
    """`u: [N, K]` is then a table of the user's that was exported with as many rows."""
    model = made("r = Gather <axis = 0> (u, i) y = MatMul (r, W)", "float[N, 4] u, int64[N] i")
    with pytest.raises(LabelError, match=r"input 'u': .* Gather .* may not treat alike"):
        survey_by_labels(model, LABELS)


def test_a_mean_over_a_free_length_keeps_the_rows_of_the_candidates() -> None:
    body = "m = ReduceMean <axes = [1], keepdims = 0> (u) y = Add (i, m)"
    assert survey_by_labels(made(body, "float[N, L, 4] u, float[N, 4] i"), LABELS).symbols == {"N"}


def test_a_scaler_of_another_library_keeps_rows_as_they_are() -> None:
    proto = build_proto(
        "s = Relu (u) y = Add (s, i)", inputs="float[N, 4] u, float[N, 4] i",
        outputs="float[N, 4] y",
    )  # fmt: skip
    scaler = helper.make_node(
        "Scaler", ["u"], ["s"], domain="ai.onnx.ml", offset=[0.0], scale=[2.0]
    )
    proto.graph.node[0].CopyFrom(scaler)
    proto.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    assert survey_by_labels(load(proto.SerializeToString(), name="m"), LABELS).symbols == {"N"}


def test_a_history_of_another_length_is_nothing_to_ask_about() -> None:
    body = "m = ReduceMean <axes = [0]> (u) y = Add (i, m)"
    assert survey_by_labels(made(body, "float[L, 4] u, float[N, 4] i"), LABELS).symbols == {"N"}


def test_what_mixes_an_items_rows_is_no_doubt_about_the_users() -> None:
    body = "m = ReduceMean <axes = [0]> (i) a = Add (i, m) y = Add (a, u)"
    assert survey_by_labels(made(body), LABELS).symbols == {"N"}


def test_nothing_is_asked_without_labels() -> None:
    body = "m = ReduceMean <axes = [0]> (u) y = Add (i, m)"
    assert survey_by_labels(made(body), Labels()).symbols == {"N"}
