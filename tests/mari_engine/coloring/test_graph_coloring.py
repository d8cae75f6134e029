"""Sides, origins and the candidate axis of values, column by column."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import survey_model
from mari_engine.coloring import color
from mari_engine.coloring.column_tags import ColumnTags, _refactored
from mari_engine.coloring.graph_coloring import side_of
from mari_engine.loading import load
from mari_engine.types import Coloring, Column, InputLabel, Labels, Role, Segment, Side
from support.builders import build, ranking_tower
from support.rewrite_checks import roles, stated


def colored(body: str, *, inputs: str, labels: Labels, outputs: str = "float[M, K] y") -> Coloring:
    weights = {
        "W": np.ones((3, 2), np.float32), "one": np.array([1]), "two": np.array([2]),
        "z": np.array([0]), "table": np.ones((5, 2), np.float32), "offsets": np.array([[0, 5]]),
    }  # fmt: skip
    data = build(body, inputs=inputs, outputs=outputs, weights=weights)
    return color(load(data, name="m"), labels)


@pytest.mark.parametrize(
    ("names", "side"),
    [
        ([], Side.CONSTANT),
        (["user"], Side.REQUEST),
        (["user", "context"], Side.REQUEST),
        (["item"], Side.ITEM),
        (["item", "user"], Side.CANDIDATE),
        (["cross"], Side.CANDIDATE),
        (["item", "cross"], Side.CANDIDATE),
    ],
)
def test_blue_wins(names: list[str], side: Side) -> None:
    assert side_of(frozenset(Role(name) for name in names)) == side


def test_colors_flow_and_join() -> None:
    made = colored(
        "a = Relu (u) b = Relu (i) c = Concat <axis = 1> (a, b, a) y = Relu (c)",
        inputs="float[N, 2] u, float[N, 3] i", labels=roles(u="user", i="item"),
    )  # fmt: skip
    assert [made.values[name].side for name in "abcy"] == [
        Side.REQUEST, Side.ITEM, Side.CANDIDATE, Side.CANDIDATE,
    ]  # fmt: skip
    assert made.values["y"].roles == {Role.USER, Role.ITEM}
    (segments,) = made.segments.values()
    assert segments == (
        Segment(0, 2, Side.REQUEST, "a", 0),
        Segment(2, 5, Side.ITEM, "b", 0),
        Segment(5, 7, Side.REQUEST, "a", 0),
    )


def test_what_a_pass_replaced_has_its_own_side() -> None:
    """A weighted sum is one product in canonical form, and the product inside is no value of it."""
    made = colored(
        "a = Neg (u) m = Mul (a, i) y = ReduceSum <keepdims = 0> (m, one)",
        inputs="float[N, 3] u, float[N, 3] i", labels=roles(u="user", i="item"),
        outputs="float[N] y",
    )  # fmt: skip
    sides = {name: made.values[name].side for name in ("a", "m", "y")}
    assert sides == {"a": Side.REQUEST, "m": Side.CANDIDATE, "y": Side.CANDIDATE}


def test_columns_of_a_packed_input_keep_their_own_color() -> None:
    columns = (
        Column(start=0, stop=2, role=Role.USER),
        Column(start=2, stop=3, role=Role.ITEM),
        Column(start=3, stop=4, role=Role.CROSS),
    )
    made = colored(
        "a = Slice (p, z, two, one) r = Relu (p) b = Slice (r, two, far, one) y = Concat "
        "<axis = 1> (b, a)".replace("far", "four"),
        inputs="float[N, 4] p, int64[1] four", labels=Labels({
            "p": InputLabel(columns=columns), "four": InputLabel(role=Role.CONTEXT),
        }),
    )  # fmt: skip
    assert made.values["a"].side == Side.REQUEST
    assert made.values["r"].side == Side.CANDIDATE


def test_fields_of_one_table_are_told_apart() -> None:
    made = colored(
        "c = Concat <axis = 1> (u, i) o = Add (c, offsets) e = Gather (table, o) "
        "f = Gather <axis = 1> (e, z) g = Gather <axis = 1> (e, one) y = Concat <axis = 1> (f, g)",
        inputs="int64[N, 1] u, int64[N, 1] i", labels=roles(u="user", i="item"),
        outputs="float[N, 2, 2] y",
    )  # fmt: skip
    assert made.values["f"].side == Side.REQUEST
    assert made.values["g"].side == Side.ITEM


@pytest.mark.parametrize(
    ("body", "rank", "axis"),
    [
        ("y = Transpose (i)", 2, 1),
        ("y = Unsqueeze (i, z)", 3, 1),
        ("s = Shape (i) y = Reshape (i, s)", 2, 0),
        ("y = Flatten <axis = 2> (i)", 2, 0),
        ("y = ReduceMax <axes = [0], keepdims = 0> (i)", 1, None),
    ],
)
def test_the_candidate_axis_is_followed(body: str, rank: int, axis: int | None) -> None:
    outputs = f"float[{', '.join('ABC'[:rank])}] y"
    made = colored(body, inputs="float[N, 3] i", labels=roles(i="item"), outputs=outputs)
    assert made.values["y"].candidate_axis == axis


def test_what_mixes_the_rows_of_a_request_value_knows_how_many_there_are() -> None:
    made = colored(
        "a = Softmax <axis = 0> (u) b = Softmax <axis = 1> (u) y = Add (a, b)",
        inputs="float[N, 3] u, float[N, 3] i", labels=stated(roles(u="user", i="item"), u=0),
    )  # fmt: skip
    assert made.values["a"].side == Side.CANDIDATE
    assert made.values["b"].side == Side.REQUEST
    assert made.values["a"].candidate_axis == 0


def test_an_unlabeled_input_is_taken_for_the_candidates() -> None:
    made = colored("y = Relu (i)", inputs="float[N, 3] i", labels=Labels())
    assert made.values["y"].side == Side.CANDIDATE


def test_a_node_without_a_rule_is_named_with_the_reason() -> None:
    made = colored(
        "y = MeanVarianceNormalization <axes = [1]> (u)", inputs="float[N, 3] u, float[N, 3] i",
        labels=stated(roles(u="user", i="item"), u=0),
    )  # fmt: skip
    assert list(made.unknown.values()) == ["MeanVarianceNormalization has no rule"]
    assert made.values["y"].side == Side.CANDIDATE


def test_a_model_is_surveyed_once_for_the_same_candidates() -> None:
    model = load(ranking_tower())
    survey = survey_model(model, frozenset({"N"}))
    assert survey_model(model, frozenset({"N"})) is survey
    assert survey_model(model, frozenset({"M"})).symbols == {"M"}


def test_columns_stay_apart_under_another_name_of_the_rows() -> None:
    """A declaration calls an extent by one name that the operand's own shape calls otherwise."""
    found = ColumnTags(((3, 1), (1, 2)), 1)
    assert _refactored(found, (("unk__4",), (4,)), (("N",), (4,))) == found


def test_columns_that_are_merged_under_another_name_of_the_rows_are_united() -> None:
    found = ColumnTags(((1, 1), (1, 2)), 2)
    merged = _refactored(found, (("unk__4",), (2,), (2,)), (("N",), (4,)))
    assert merged == ColumnTags.united(3)
