"""Which axis holds the candidates: read off the graph where one reading is left, else asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mari_engine import InputLabel, LabelError, Labels, Role, load, make_feeds, optimize
from mari_engine.analysis import candidate_symbols, propose_axes, survey_by_labels
from mari_engine.feeds import plan_feeds
from mari_engine.graph import Model
from mari_engine.types.labels import FROM_GRAPH
from support.builders import build


def _weights(rows: int, columns: int) -> np.ndarray:
    return np.linspace(-1, 1, rows * columns, dtype=np.float32).reshape(rows, columns)


WEIGHTS = {
    "W": _weights(4, 4), "V": _weights(12, 2), "V1": _weights(12, 1), "U": _weights(4, 1),
    "S": _weights(5, 5), "flat": np.array([-1, 8]), "five": np.array([5]),
}  # fmt: skip
ROLES = {"u": Role.USER, "h": Role.USER, "i": Role.ITEM, "j": Role.ITEM}


def made(body: str, inputs: str, outputs: str) -> Model:
    return load(build(body, inputs=inputs, outputs=outputs, weights=WEIGHTS), name="m")


def labelled(model: Model, **axes: int | None) -> Labels:
    names = [value.name or "" for value in model.ir.graph.inputs]
    return Labels({n: InputLabel(role=ROLES[n], axis=axes.get(n, FROM_GRAPH)) for n in names})


def test_the_extent_that_all_candidate_inputs_share() -> None:
    model = made("m = Add (i, j) y = Add (m, u)", "float[N, 4] u, float[N, 4] i, float[N, 4] j",
                 "float[N, 4] y")  # fmt: skip
    assert candidate_symbols(model, labelled(model)) == {"N"}


def test_a_users_history_is_not_the_candidates() -> None:
    model = made("y = MatMul (h, W)", "float[L, 4] h", "float[L, 4] y")
    assert candidate_symbols(model, labelled(model)) == frozenset()


def test_the_rows_of_an_output_decide_between_shared_extents() -> None:
    body = "t = Transpose <perm = [1, 0]> (i) y = MatMul (t, u)"
    model = made(body, "float[T, 4] u, float[T, N] i", "float[N, 4] y")
    assert candidate_symbols(model, labelled(model)) == {"N"}


def test_rows_that_no_name_shows_are_followed_through_the_graph() -> None:
    body = "t = Transpose <perm = [1, 0]> (i) y = MatMul (t, u)"
    model = made(body, "float[T, 4] u, float[T, N] i", "float[rows, 4] y")
    assert candidate_symbols(model, labelled(model)) == {"N"}


def test_several_users_are_asked_about() -> None:
    model = made("y = Identity (i)", "float[B, N] i", "float[B, N] y")
    with pytest.raises(LabelError, match=r"input 'i': .* axes 0 \(B\) and 1 \(N\); state which"):
        candidate_symbols(model, labelled(model))
    assert candidate_symbols(model, labelled(model, i=1)) == {"N"}


def test_an_axis_that_is_not_there_is_refused() -> None:
    model = made("y = Identity (i)", "float[N, 4] i", "float[N, 4] y")
    with pytest.raises(LabelError, match="input 'i': axis 2 is stated, but it has 2 axes"):
        candidate_symbols(model, labelled(model, i=2))


def test_values_in_a_flat_list_are_not_taken_for_candidates() -> None:
    body = "s = ReduceSum <keepdims = 1> (j) m = Add (i, s) y = Add (m, u)"
    model = made(body, "float[N, 4] u, float[N, 4] i, float[nnz] j", "float[N, 4] y")
    assert candidate_symbols(model, labelled(model)) == {"N"}


def test_unlike_names_of_rows_that_meet_are_one_extent() -> None:
    model = made("m = Mul (u, i) y = Add (m, j)", "float[a, 4] u, float[b, 4] i, float[c, 4] j",
                 "float[b, 4] y")  # fmt: skip
    assert survey_by_labels(model, labelled(model)).symbols == {"a", "b", "c"}


def test_unlike_names_that_never_meet_stay_apart() -> None:
    body = "t = Transpose <perm = [1, 0]> (h) s = MatMul (i, t) p = Softmax (s) y = MatMul (p, h)"
    model = made(body, "float[unk__1, 4] h, float[unk__2, 4] i", "float[unk__2, 4] y")
    labels = labelled(model)
    assert survey_by_labels(model, labels).symbols == {"unk__2"}
    result = optimize(model, labels, autotune=False)
    assert result.certificate.passed
    shape = next(value.shape for value in result.optimized.ir.graph.inputs if value.name == "h")
    assert str(shape) == "[unk__1,4]"


def test_names_that_no_output_bears_are_asked_about() -> None:
    model = made("a = ReduceSum (i) b = ReduceSum (j) y = Add (a, b)",
                 "float[A, B] i, float[C, D] j", "float[1, 1] y")  # fmt: skip
    with pytest.raises(LabelError, match="the inputs 'i', 'j' name different extents"):
        candidate_symbols(model, labelled(model))


def test_feeds_have_other_lengths_than_the_number_of_candidates() -> None:
    model = made(
        "s = ReduceSum (h) y = Add (i, s)", "float[L, 4] h, float[N, 4] i",
        "float[N, 4] y",
    )  # fmt: skip
    plan = plan_feeds(model, labelled(model))
    for batch in (1, 2, 3, 6, 17):
        feeds = plan.draw(batch=batch, seed=0, apart=True)
        assert feeds["i"].shape == (batch, 4)
        assert feeds["h"].shape[0] != batch
    assert make_feeds(model, labelled(model), batch=3, seed=0)["i"].shape == (3, 4)


def test_an_extent_that_is_shared_but_that_no_output_has_is_asked_about() -> None:
    body = "t = Transpose <perm = [1, 0]> (i) y = MatMul (t, j)"
    model = made(body, "float[T, 4] j, float[T, N] i", "float[N, 4] y")
    with pytest.raises(LabelError, match=r"share the extent 'T', and an output has 'N' instead"):
        candidate_symbols(model, labelled(model))
    assert candidate_symbols(model, labelled(model, i=1)) == {"N"}


def test_null_is_refused_where_the_extent_is_the_candidates() -> None:
    model = made("y = Add (u, i)", "float[N, 4] u, float[N, 4] i", "float[N, 4] y")
    with pytest.raises(LabelError, match=r"input 'u': axis null is stated, but its axis 0 \(N\)"):
        survey_by_labels(model, labelled(model, u=None))


def test_a_proposed_axis_is_read_anew_and_refused_where_the_roles_have_changed() -> None:
    body = "s = ReduceSum <keepdims = 1> (h) y = Add (i, s)"
    model = made(body, "float[L, 4] h, float[N, 4] i", "float[N, 4] y")
    labels = propose_axes(model, labelled(model))
    assert (labels.inputs["h"].axis, labels.inputs["i"].axis) == (None, 0)
    assert all(label.axis_evidence for label in labels.inputs.values())
    assert survey_by_labels(model, labels).symbols == {"N"}
    stale = Labels({**labels.inputs, "h": replace(labels.inputs["h"], axis=0)})
    with pytest.raises(LabelError, match="input 'h': axis 0 stands there as a proposal"):
        survey_by_labels(model, stale)
    assert propose_axes(model, stale) == labels


def test_what_is_left_open_is_told_for_each_input() -> None:
    model = made("m = Add (i, u) y = Identity (m)", "float[B, N] i, float[B, 1] u", "float[B, N] y")
    found = propose_axes(model, labelled(model)).inputs
    assert found["i"].axis == found["u"].axis == FROM_GRAPH
    assert "axis 0 (B) or 1 (N), or along none" in found["i"].axis_evidence[0]
    stated = propose_axes(model, labelled(model, i=1)).inputs
    assert (stated["i"].axis, stated["i"].axis_evidence) == (1, ())
    assert stated["u"].axis is None
    assert "that is stated for 'i'" in stated["u"].axis_evidence[0]


def test_an_axis_stated_in_a_column_is_that_of_the_input() -> None:
    column = {"start": 0, "stop": 2, "role": "item", "axis": 0}
    other = {"start": 2, "stop": 4, "role": "user"}
    labels = Labels.from_json({"version": 1, "inputs": {"i": {"columns": [column, other]}}})
    assert labels.inputs["i"].stated_axis == 0
    assert Labels.from_json(labels.to_json()) == labels
    unlike = {"columns": [column, {**other, "axis": None}]}
    with pytest.raises(LabelError, match="'axis' is 0 and null; the columns of one input share"):
        Labels.from_json({"version": 1, "inputs": {"i": unlike}})


@pytest.mark.parametrize(
    ("shape", "axis", "candidates"), [("1, 50, 4", 1, 50), ("8, 4", 0, 8), ("1, 4", 0, 1)]
)
def test_a_fixed_number_of_candidates_is_found_where_it_stands(
    shape: str, axis: int, candidates: int
) -> None:
    inputs = f"float[{shape}] i, float[{shape}] j"
    model = made("y = Add (i, j)", inputs, f"float[{shape}] y")
    labels = labelled(model)
    plan = plan_feeds(model, labels)
    assert plan.fixed_batch == candidates
    assert [plan.candidate_axes(item) for item in plan.inputs] == [(axis,), (axis,)]
    assert {label.axis for label in propose_axes(model, labels).inputs.values()} == {axis}


def test_two_fixed_extents_that_may_be_the_candidates_are_asked_about() -> None:
    model = made("y = Add (i, j)", "float[1, 5, 6, 4] i, float[1, 5, 6, 4] j",
                 "float[1, 5, 6, 4] y")  # fmt: skip
    with pytest.raises(LabelError, match="may lie along the extent 5 or 6"):
        plan_feeds(model, labelled(model))
    assert plan_feeds(model, labelled(model, i=2)).fixed_batch == 6
    assert propose_axes(model, labelled(model)).inputs["i"].axis == FROM_GRAPH


@pytest.mark.parametrize("rows", ["B", "rows"])
@pytest.mark.parametrize("scores", ["B, 5", "B, M", "C, 5"])
def test_several_users_with_a_fixed_number_of_candidates_are_asked_about(
    rows: str, scores: str
) -> None:
    """`[B, 5]` are 5 candidates of B users, or B candidates with 5 ids each."""
    model = made(
        "g = Gather (W, h) m = ReduceMean <axes = [1]> (g) e = Gather (W, i) p = Mul (m, e) "
        "y = ReduceMax <axes = [2], keepdims = 0> (p)",
        f"int64[{rows}, 7] h, int64[B, 5] i", f"float[{scores}] y",
    )  # fmt: skip
    with pytest.raises(LabelError, match=r"share the extents 'B' and 5, .*; state the \"axis\""):
        candidate_symbols(model, labelled(model))
    told = propose_axes(model, labelled(model)).inputs["i"]
    assert told.axis == FROM_GRAPH
    assert "axis 0 (B) or 1 (5)" in told.axis_evidence[0]
    assert candidate_symbols(model, labelled(model, i=0)) == {"B"}
    doubted = make_feeds(model, labelled(model), batch=5, seed=0)
    assert (doubted["h"] != doubted["h"][:1]).any(), "users, as far as anybody knows"
    counted = labelled(model, i=1)
    assert candidate_symbols(model, counted) == frozenset()
    feeds = make_feeds(model, counted, batch=5, seed=0)
    assert feeds["i"].shape[1] == 5
    assert (feeds["h"] != feeds["h"][:1]).any()
    assert optimize(model, counted, autotune=False).certificate.passed


def test_ids_of_a_candidate_are_no_candidates() -> None:
    model = made("g = Gather (W, i) e = ReduceMean <axes = [1], keepdims = 0> (g) y = Add (e, u)",
                 "float[N, 4] u, int64[N, 5] i", "float[N, 4] y")  # fmt: skip
    assert candidate_symbols(model, labelled(model)) == {"N"}


def test_ids_of_a_candidate_are_as_many_as_tasks() -> None:
    """Two ids a candidate, and two scores: the axis of the scores is that of the weights."""
    model = made(
        "e = Gather (W, i) r = Reshape (e, flat) c = Concat <axis = 1> (r, u) y = MatMul (c, V)",
        "float[B, 4] u, int64[B, 2] i", "float[B, 2] y",
    )  # fmt: skip
    assert candidate_symbols(model, labelled(model)) == {"B"}
    heads = made(
        "e = Gather (W, i) r = Reshape (e, flat) c = Concat <axis = 1> (r, u) "
        "a = MatMul (c, V1) b = MatMul (c, V1) y = Concat <axis = 1> (a, b)",
        "float[B, 4] u, int64[B, 2] i", "float[B, 2] y",
    )  # fmt: skip
    assert candidate_symbols(heads, labelled(heads)) == {"B"}


def test_a_fraction_for_each_score_may_be_a_candidates() -> None:
    """`[B, 5]` of prices for `[B, 5]` of scores: 5 candidates of B users, or 5 features of B."""
    body = "s = MatMul (u, U) p = Tanh (i) y = Add (p, s)"
    model = made(body, "float[B, 4] u, float[B, 5] i", "float[B, 5] y")
    with pytest.raises(LabelError, match=r"share the extents 'B' and 5, .*; state the \"axis\""):
        candidate_symbols(model, labelled(model))
    assert candidate_symbols(model, labelled(model, i=0)) == {"B"}
    assert candidate_symbols(model, labelled(model, i=1)) == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        "p = Mul (u, i) y = Tanh (p)",
        "s = Add (u, i) y = MatMul (s, S)",
        "p = MatMul (u, S) y = Add (p, i)",
    ],
    ids=["joined with the user's", "behind weights", "beside weights"],
)
def test_features_that_become_no_scores_of_their_own_are_features(body: str) -> None:
    model = made(body, "float[B, 5] u, float[B, 5] i", "float[B, 5] y")
    assert candidate_symbols(model, labelled(model)) == {"B"}


@pytest.mark.parametrize("op", ["TopK <axis = 1>", "TopK <axis = 1, largest = 0>"])
def test_scores_that_are_sorted_may_be_candidates(op: str) -> None:
    """The axis that TopK makes is made of the ids', though it is none of the operand's."""
    model = made(
        f"e = Gather (W, i) s = ReduceMean <axes = [2], keepdims = 0> (e) y, p = {op} (s, five) "
        "m = MatMul (u, U) z = Add (y, m)",
        "float[B, 4] u, int64[B, 5] i", "float[B, 5] z",
    )  # fmt: skip
    with pytest.raises(LabelError, match=r"share the extents 'B' and 5"):
        candidate_symbols(model, labelled(model))
