"""Labels learnt from logged requests, and doubt that has to be answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mari_engine import (
    InputLabel,
    LabelError,
    Labels,
    Role,
    certain_labels,
    load,
    optimize,
    propose_labels,
)
from mari_engine.graph import Model
from support.builders import build

RNG = np.random.default_rng(0)
W = RNG.standard_normal((4, 1)).astype(np.float32)


def two_inputs(first: str, second: str) -> Model:
    return load(
        build(
            f"s = Add ({first}, {second}) y = MatMul (s, W)",
            inputs=f"float[N, 4] {first}, float[N, 4] {second}",
            outputs="float[N, 1] y",
            weights={"W": W},
        ),
        name="m",
    )


def row(count: int) -> np.ndarray:
    return np.repeat(RNG.standard_normal((1, 4)).astype(np.float32), count, axis=0)


def rows(count: int) -> np.ndarray:
    return RNG.standard_normal((count, 4)).astype(np.float32)


def test_values_that_differ_are_per_candidate_beyond_any_name() -> None:
    model = two_inputs("user_id", "item_id")
    labels = propose_labels(model, [{"user_id": rows(9), "item_id": rows(9)}])
    found = labels.inputs["user_id"]
    assert (found.role.per_request if found.role else None) is False
    assert (found.confidence, found.vouched) == (1.0, "request")
    assert found.evidence[0] == "its values differ among the candidates of one request"
    assert "but the input's name 'user_id' says 'user'" in found.evidence


def test_values_that_never_differ_agree_with_a_name() -> None:
    model = two_inputs("gender", "item_id")
    assert propose_labels(model).inputs["gender"].confidence < 1
    requests = [{"gender": row(20), "item_id": rows(20)} for _ in range(3)]
    found = propose_labels(model, requests).inputs["gender"]
    assert (found.role, found.vouched) == (Role.USER, "request")
    assert "all 60 candidates of 3 requests had one value in each request" in found.evidence


def test_equal_values_alone_do_not_make_a_column_the_users() -> None:
    model = two_inputs("user_brand_ctr", "item_id")
    requests = [{"user_brand_ctr": row(20), "item_id": rows(20)}]
    found = propose_labels(model, requests).inputs["user_brand_ctr"]
    assert found.confidence < 1


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "the requests teach nothing of it: each ranks a single candidate"),
        (3, "3 candidates with one value are too few to tell: log at least 8"),
        (20, None),
    ],
)
def test_requests_that_teach_nothing_say_so(count: int, said: str | None) -> None:
    found = propose_labels(two_inputs("a", "b"), [{"a": row(count), "b": row(count)}]).inputs["a"]
    assert found.confidence < 1
    assert [text for text in found.evidence if "teach" in text or "too few" in text] == (
        [] if said is None else [said]
    )


def test_columns_of_a_packed_input_are_told_apart() -> None:
    data = build("y = MatMul (x, W)", inputs="float[N, 4] x", outputs="float[N, 1] y",
                 weights={"W": W})  # fmt: skip
    mixed = np.concatenate([row(9)[:, :2], rows(9)[:, 2:]], axis=1)
    labels = propose_labels(load(data, name="m"), [{"x": mixed}])
    told = [(c.start, c.stop, c.role.per_request) for c in labels.inputs["x"].columns]
    assert told == [(0, 2, True), (2, 4, False)]


def test_doubt_is_answered_before_a_model_is_rewritten() -> None:
    model = two_inputs("user_brand_ctr", "item_id")
    proposed = propose_labels(model)
    with pytest.raises(LabelError, match="input user_brand_ctr: its role is still in doubt"):
        optimize(model, proposed, autotune=False)
    with pytest.raises(LabelError, match="run 'mari labels', confirm the file"):
        optimize(model, autotune=False)
    answered = {**proposed.inputs, "user_brand_ctr": InputLabel(role=Role.CROSS)}
    assert optimize(model, Labels(answered), autotune=False).certificate.passed


def test_a_role_that_somebody_changed_is_no_doubt_any_more() -> None:
    model = two_inputs("gender", "item_id")
    proposed = propose_labels(model)
    changed = replace(proposed.inputs["gender"], role=Role.ITEM)
    assert changed.confidence < 1
    labels = Labels({**proposed.inputs, "gender": changed})
    assert optimize(model, labels, autotune=False).certificate.passed


def test_proposals_that_leave_nothing_per_candidate_are_refused() -> None:
    model = two_inputs("user_id", "user_age")
    with pytest.raises(LabelError, match="every input is the request's"):
        certain_labels(model)


def test_what_vouches_is_kept_in_the_file() -> None:
    labels = propose_labels(two_inputs("user_id", "item_id"))
    assert {label.vouched for label in labels.inputs.values()} == {"name"}
    assert Labels.from_json(labels.to_json()) == labels
    stated = Labels(
        {"x": InputLabel(role=Role.ITEM, axis=None), "z": InputLabel(role=Role.USER, axis=1)}
    )
    assert Labels.from_json(stated.to_json()) == stated


def test_doubt_about_an_input_that_is_not_there_names_it() -> None:
    model = two_inputs("gender", "item_id")
    labels = Labels(
        {**propose_labels(model).inputs, "x": InputLabel(role=Role.USER, confidence=0.5)}
    )
    with pytest.raises(LabelError, match="input 'x' is not in the model"):
        optimize(model, labels, autotune=False)


def histories() -> Model:
    """Return a model of two histories of length L and one input of N candidates."""
    return load(
        build(
            "a = ReduceMean <axes = [0]> (f1) b = ReduceMean <axes = [0]> (f2) "
            "c = Add (a, b) s = Add (c, f3) y = MatMul (s, W)",
            inputs="float[L, 4] f1, float[L, 4] f2, float[N, 4] f3",
            outputs="float[N, 1] y",
            weights={"W": W},
        ),
        name="m",
    )


def log_of_histories() -> dict[str, np.ndarray]:
    return {"f1": rows(7), "f2": rows(7), "f3": rows(9)}


def test_a_history_that_is_commoner_than_the_candidates_teaches_nothing() -> None:
    labels = propose_labels(histories(), [log_of_histories()]).inputs
    assert (labels["f3"].role, labels["f3"].vouched) == (Role.ITEM, "request")
    for name in ("f1", "f2"):
        assert labels[name].vouched != "request"
        assert "its values differ among the candidates of one request" not in labels[name].evidence


def unread() -> Model:
    """Return a model whose names leave open which of two extents the candidates have."""
    return load(
        build(
            "a = ReduceSum <keepdims = 0> (f1, all) b = ReduceSum <keepdims = 0> (f2, all) "
            "c = ReduceSum <keepdims = 0> (f3, all) d = Add (a, b) y = Add (c, d)",
            inputs="float[L, 4] f1, float[L, 4] f2, float[N, 4] f3",
            outputs="float y",
            weights={"all": np.array([0, 1], np.int64)},
        ),
        name="m",
    )


def test_requests_teach_nothing_where_the_axis_is_open_and_it_is_asked() -> None:
    found = propose_labels(unread(), [log_of_histories()]).inputs
    for label in found.values():
        assert (label.axis, label.vouched != "request", label.confidence < 1) == (
            "graph", True, True,
        )  # fmt: skip
        assert label.axis_evidence[0].startswith("the requests teach nothing of this input: the ")
        assert label.axis_evidence[0].endswith("; state its axis")


def test_a_stated_axis_is_the_one_that_requests_are_read_along() -> None:
    stated = Labels(
        {
            "f1": InputLabel(role=Role.USER, axis=None),
            "f2": InputLabel(role=Role.USER, axis=None),
            "f3": InputLabel(role=Role.USER, axis=0, confidence=0.5),
        }
    )
    found = propose_labels(unread(), [log_of_histories()], stated=stated).inputs
    assert (found["f3"].role, found["f3"].vouched, found["f3"].axis) == (Role.ITEM, "request", 0)
    assert {found[name].axis for name in ("f1", "f2")} == {None}
    assert {found[name].vouched for name in ("f1", "f2")} == {""}


def test_a_check_reads_requests_along_the_candidates_and_not_along_a_history() -> None:
    model = histories()
    labels = Labels(
        {
            "f1": InputLabel(role=Role.USER),
            "f2": InputLabel(role=Role.USER),
            "f3": InputLabel(role=Role.ITEM),
        }
    )
    assert optimize(model, labels, requests=[log_of_histories()], autotune=False).certificate.passed


def test_names_that_make_all_inputs_the_users_are_held_to_requests() -> None:
    model = two_inputs("user_id", "user_age")
    found = propose_labels(model, [{"user_id": row(9), "user_age": rows(9)}]).inputs["user_age"]
    assert (found.vouched, found.role and found.role.per_request) == ("request", False)


def test_a_fixed_number_of_candidates_is_an_axis_too() -> None:
    data = build(
        "s = Add (a, b) y = MatMul (s, W)", inputs="float[9, 4] a, float[9, 4] b",
        outputs="float[9, 1] y", weights={"W": W},
    )  # fmt: skip
    found = propose_labels(load(data, name="m"), [{"a": row(9), "b": rows(9)}]).inputs
    assert (found["b"].vouched, found["a"].vouched) == ("request", "")
