"""What the graph tells of a role outweighs what a name says of it."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import InputLabel, Labels, Role, propose_labels
from mari_engine.analysis import survey_by_labels
from mari_engine.graph import Model
from mari_engine.loading import load
from support.builders import build

TABLE = np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)


def made(body: str, inputs: str, outputs: str) -> Model:
    weights: dict[str, np.ndarray] = {"W": np.ones((4, 1), np.float32), "T": TABLE}
    weights["one"] = np.array([1], np.int64)
    return load(build(body, inputs=inputs, outputs=outputs, weights=weights), name="m")


def test_an_input_without_an_axis_of_candidates_is_the_requests_whatever_its_name() -> None:
    body = "s = ReduceSum <keepdims = 1> (item_list) y = Add (b, s)"
    model = made(body, "float[L, 4] item_list, float[N, 4] b", "float[N, 4] y")
    found = propose_labels(model).inputs["item_list"]
    assert (found.role, found.axis) == (Role.USER, None)
    assert found.confidence < 1  # the name says another side: somebody has to look
    assert found.evidence[0] == "none of its axes is one that the outputs have for the candidates"
    assert found.evidence[1].startswith("but ")


def test_the_length_of_a_history_is_not_taken_for_rows_of_candidates() -> None:
    body = "s = ReduceSum <keepdims = 1> (h) p = Add (s, p0) y = Add (b, p)"
    model = made(body, "float[L, 4] h, float[1, 4] p0, float[N, 4] b", "float[N, 4] y")
    found = propose_labels(model).inputs
    assert {name: found[name].role for name in found} == {
        "h": Role.USER, "p0": Role.USER, "b": Role.ITEM,
    }  # fmt: skip
    assert "its number of rows is free while others have one row" in found["b"].evidence


@pytest.mark.parametrize(
    ("extents", "scores", "certain"),
    [("1, N", "1, N", False), ("1, 7", "1, 7", False), ("1, M", "1, unk__4", False),
     ("1, M", "N", True), ("1, 7", "N", True)],
)  # fmt: skip
def test_one_row_of_several_candidates_is_not_the_requests(
    extents: str, scores: str, certain: bool
) -> None:
    """`[1, N, K]` beside a free `[L, K]`: the candidates lie along another axis."""
    body = "s = ReduceSum <keepdims = 1> (x2) y = Add (x1, s)"
    model = made(body, f"float[N, 4] x1, float[{extents}, 4] x2", f"float[{scores}, 4] y")
    assert (propose_labels(model).inputs["x2"].confidence == 1) is certain


def test_rows_beside_one_row_are_the_candidates_against_a_name_that_is_certain() -> None:
    body = "m = Add (user_id, a) y = MatMul (m, W)"
    model = made(body, "float[N, 4] user_id, float[1, 4] a", "float[N, 1] y")
    found = propose_labels(model).inputs["user_id"]
    assert found.role == Role.ITEM
    assert found.confidence < 1


def test_rows_joined_with_those_of_candidates_are_theirs_under_another_name() -> None:
    body = "j = Concat <axis = 1> (a, b) y = Relu (j)"
    model = made(body, "float[M, 4] a, float[N, 4] b", "float[N, 8] y")
    assert propose_labels(model).inputs["a"].axis == 0
    assert all(
        "none of its axes" not in text for text in propose_labels(model).inputs["a"].evidence
    )


def test_a_free_list_of_ids_of_the_candidates_table_is_a_history() -> None:
    body = "e = Gather (T, x1) s = ReduceSum <keepdims = 0> (e, one) f = Gather (T, x2)"
    model = made(f"{body} y = Add (s, f)", "int64[N, L] x1, int64[N] x2", "float[N, 4] y")
    found = propose_labels(model).inputs["x1"]
    assert found.role == Role.USER
    assert found.confidence < 1
    assert "several ids of the table" in found.evidence[0]


def test_a_flat_list_of_values_of_all_candidates_is_not_taken_for_the_requests() -> None:
    body = "s = ReduceSum <keepdims = 1> (tag_values) y = Add (b, s)"
    model = made(body, "float[nnz] tag_values, float[N, 4] b", "float[N, 4] y")
    assert propose_labels(model).inputs["tag_values"].role == Role.ITEM


def test_the_last_of_a_history_that_may_be_empty_is_no_row() -> None:
    body = "c = Slice (h, last, end, axis) s = ReduceSum <keepdims = 0> (c, axis) y = Add (b, s)"
    weights = {
        "last": np.array([-1], np.int64), "end": np.array([2**62], np.int64),
        "axis": np.array([1], np.int64),
    }  # fmt: skip
    data = build(body, inputs="float[N, L, 4] h, float[N, 4] b", outputs="float[N, 4] y",
                 weights=weights)  # fmt: skip
    labels = Labels({"h": InputLabel(role=Role.USER), "b": InputLabel(role=Role.ITEM)})
    model = load(data, name="m")
    survey = survey_by_labels(model, labels)
    cut = next(node.outputs[0] for node in model.ir.graph if node.op_type == "Slice")
    assert survey.fact(cut).axes[1] != ()  # an extent of its own, and not 1
