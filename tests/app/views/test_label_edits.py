from __future__ import annotations

from dataclasses import replace

import pytest

from app.jobs import regex
from app.session import ANSWERED
from app.views.labels import (
    change_part,
    columns_of,
    explain_lack_of_candidates,
    find_inputs,
    glob,
    join_columns,
    keep_roles,
    lacks_candidates,
    list_names,
    list_parts,
    match,
    packable,
    preview_rows,
    read_range,
    set_columns,
    set_role,
)
from app.views.layout import columns_figure, read_span
from mari_engine import (
    Column,
    GraphInfo,
    GraphNode,
    InputLabel,
    LabelError,
    Labels,
    Role,
    TensorInfo,
)

INFO = GraphInfo(
    inputs=(
        TensorInfo("user_id", "int64", ("N",)),
        TensorInfo("x", "float32", ("N", 10)),
    ),
    outputs=(), initializers=(), opset=18, ir_version=10, producer="", parameters=0,
    bytes=0, candidate_axis=0,
    nodes=(
        GraphNode("/lookup", "Gather", "", ("T", "user_id"), ("row",), {}),
        GraphNode("/join", "Concat", "", ("row", "x", ""), ("joined",), {}),
    ),
)  # fmt: skip
PACKED = InputLabel(
    columns=(
        Column(start=0, stop=4, role=Role.USER, name="profile"),
        Column(start=4, stop=10, role=Role.ITEM, name="item", confidence=0.5),
    )
)
LABELS = Labels({"user_id": InputLabel(role=Role.USER, range=(0, 9)), "x": PACKED})
PARTS = list_parts(LABELS)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["x/item", "user_id", "x/profile"]),
        ("USER_*", ["user_id"]),
        ("x", ["x/item", "x/profile"]),
        ("x/i*", ["x/item"]),
        ("profile", ["x/profile"]),
        ("[", []),
    ],
)
def test_patterns(pattern: str, names: list[str]) -> None:
    assert [part.name for part in match(PARTS, glob(pattern))] == names


def test_roles_are_set_by_pattern() -> None:
    labels = set_role(LABELS, match(PARTS, glob("x")), Role.CONTEXT)
    assert [column.role for column in labels.inputs["x"].columns] == [Role.CONTEXT, Role.CONTEXT]
    assert labels.inputs["user_id"] == LABELS.inputs["user_id"]


def test_a_column_range_cuts_what_it_overlaps() -> None:
    new = Column(start=2, stop=6, role=Role.CROSS, name="new")
    columns = set_columns(LABELS, "x", new, width=10).inputs["x"].columns
    assert [(column.start, column.stop, column.name) for column in columns] == [
        (0, 2, "profile"),
        (2, 6, "new"),
        (6, 10, "item"),
    ]


def test_a_column_range_inside_another_leaves_both_ends() -> None:
    new = Column(start=5, stop=6, role=Role.CROSS)
    columns = set_columns(LABELS, "x", new, width=10).inputs["x"].columns
    assert [(column.start, column.stop) for column in columns] == [(0, 4), (4, 5), (5, 6), (6, 10)]


def test_a_whole_input_becomes_packed() -> None:
    whole = Labels({"x": InputLabel(role=Role.ITEM)})
    new = Column(start=0, stop=4, role=Role.USER)
    columns = set_columns(whole, "x", new, width=10).inputs["x"].columns
    assert [(column.stop, column.role) for column in columns] == [(4, Role.USER), (10, Role.ITEM)]


@pytest.mark.parametrize(("start", "stop"), [(0, 11), (5, 5), (-1, 3)])
def test_columns_outside_the_input_are_refused(start: int, stop: int) -> None:
    with pytest.raises(LabelError, match=r"input 'x': columns .* are not within its 10 columns"):
        set_columns(LABELS, "x", Column(start=start, stop=stop, role=Role.USER), width=10)


def test_only_inputs_with_several_columns_can_be_packed() -> None:
    assert packable(INFO) == {"x": 10}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("^USER_", ["user_id"]),
        ("profile|item$", ["x/item", "x/profile"]),
        ("^item$", ["x/item"]),
        ("nothing", []),
    ],
)
def test_regular_expressions(pattern: str, found: list[str]) -> None:
    fits = regex(pattern, list_names(PARTS))
    assert [part.name for part in match(PARTS, fits)] == found


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "pattern: is no regular expression"),
        ("x" * 201, "pattern: it has more than 200 characters; shorten it"),
        ("(a+)+$", "pattern: it takes too long to match; make it simpler"),
    ],
)
def test_expressions_that_cannot_be_used_say_so(pattern: str, problem: str) -> None:
    with pytest.raises(LabelError) as caught:
        regex(pattern, ["a" * 60 + "b"])
    assert str(caught.value).startswith(problem)


def test_a_bulk_edit_is_seen_before_it_is_made() -> None:
    rows = preview_rows(match(PARTS, glob("*")), Role.USER)
    assert [(row["feature"], row["now"], row["then"]) for row in rows] == [
        ("x/item", "I · item", "R · user"),
        ("user_id", "R · user", "the same"),
        ("x/profile", "R · user", "the same"),
    ]


def test_what_has_the_role_already_keeps_its_evidence() -> None:
    labels = set_role(LABELS, list_parts(LABELS), Role.USER)
    assert labels.inputs["user_id"] == LABELS.inputs["user_id"]
    profile, item = labels.inputs["x"].columns
    assert profile == PACKED.columns[0]
    assert (item.role, item.confidence, item.evidence) == (Role.USER, 1.0, ("set by hand",))
    assert item.vouched == ANSWERED


def test_rows_that_are_right_as_shown_are_a_persons_answer_with_their_evidence() -> None:
    told = replace(PACKED.columns[1], evidence=("the table 'items'",))
    sure = replace(PACKED.columns[0], vouched="graph")
    labels = Labels({"x": InputLabel(columns=(sure, told))})
    first, second = keep_roles(labels, list_parts(labels)).inputs["x"].columns
    assert first == sure
    assert second == replace(told, confidence=1.0, vouched=ANSWERED)


def test_where_nothing_is_left_per_candidate_all_selected_rows_are_the_persons() -> None:
    labels = Labels({name: InputLabel(role=Role.USER, vouched="graph") for name in "ab"})
    assert "all candidates would get one score" in explain_lack_of_candidates(labels)
    one = keep_roles(labels, list_parts(labels)[:1])
    assert explain_lack_of_candidates(one)
    both = keep_roles(labels, list_parts(labels))
    assert explain_lack_of_candidates(both) == ""
    assert lacks_candidates(both)
    assert explain_lack_of_candidates(set_role(labels, list_parts(labels)[:1], Role.ITEM)) == ""


def test_what_a_request_refutes_is_answered_by_another_role_only() -> None:
    learnt = Labels({"x": InputLabel(role=Role.ITEM, vouched="request", evidence=("it differs",))})
    labels = Labels({"x": InputLabel(role=Role.USER, vouched="Ada")})
    (part,) = list_parts(labels, learnt)
    assert (part.refuted, part.doubt) == (True, "it differs")
    assert keep_roles(labels, [part]) == labels
    assert set_role(labels, [part], Role.CONTEXT) == labels
    (part,) = list_parts(set_role(labels, [part], Role.CROSS), learnt)
    assert not part.open


def test_values_of_a_row_answer_nothing() -> None:
    (part,) = [part for part in PARTS if part.open]
    column = change_part(LABELS, part, range=(0, 450)).inputs["x"].columns[1]
    assert (column.range, column.confidence, column.vouched) == ((0, 450), 0.5, "")
    (whole,) = [part for part in PARTS if part.at is None]
    assert change_part(LABELS, whole, integer=True).inputs["user_id"].integer


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(None, None, None), (0.0, 450.0, (0, 450)), (-0.5, 2.0, (-0.5, 2))],
)
def test_a_range_has_both_ends_or_none(low: float, high: float, found: object) -> None:
    assert read_range(low, high) == found


@pytest.mark.parametrize(
    ("low", "high", "problem"),
    [
        (0, None, "the range has one end only; give both or none"),
        (None, 5, "the range has one end only; give both or none"),
        (5, 5, "the range must go from low to a higher end"),
    ],
)
def test_an_unfinished_range_says_what_is_missing(low: float, high: float, problem: str) -> None:
    with pytest.raises(LabelError, match=problem):
        read_range(low, high)


@pytest.mark.parametrize(
    ("selected", "inputs"),
    [
        ("/join", {"user_id", "x"}), ("/lookup", {"user_id"}), ("row", {"user_id"}),
        ("x", {"x"}), ("elsewhere", set()),
    ],
)  # fmt: skip
def test_a_selection_in_the_graph_stands_for_the_inputs_that_reach_it(
    selected: str, inputs: set[str]
) -> None:
    assert find_inputs(INFO, selected) == inputs


def test_a_range_across_others_merges_them() -> None:
    new = Column(start=0, stop=10, role=Role.CROSS, name="all")
    assert set_columns(LABELS, "x", new, width=10).inputs["x"].columns == (new,)


def test_equal_neighbors_are_joined() -> None:
    columns = (
        Column(start=0, stop=2, role=Role.USER, name="a", confidence=0.5),
        Column(start=2, stop=5, role=Role.USER, name="b"),
        Column(start=5, stop=6, role=Role.USER, name="c"),
        Column(start=6, stop=8, role=Role.USER, range=(0, 9)),
        Column(start=8, stop=10, role=Role.CONTEXT),
    )
    packed = InputLabel(columns=columns, axis=0)
    joined = join_columns(Labels({"x": packed}), "x", width=10).inputs["x"]
    first, *rest = joined.columns
    assert (first.start, first.stop, first.name, first.confidence) == (0, 6, "a … c", 0.5)
    assert tuple(rest) == columns[3:]
    assert joined.axis == 0


def test_an_input_labelled_as_a_whole_is_one_range() -> None:
    labels = Labels({"x": InputLabel(role=Role.CROSS, range=(0, 3), confidence=0.4)})
    (column,) = columns_of(labels, "x", width=10)
    assert (column.start, column.stop, column.role, column.range, column.confidence) == (
        0, 10, Role.CROSS, (0, 3), 0.4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "span"),
    [
        ({}, None),
        ({"selection": {"points": [], "box": []}}, None),
        ({"selection": {"points": [{"customdata": "x"}]}}, None),
        ({"selection": {"points": [{"customdata": [4, 10]}]}}, (4, 9)),
        ({"selection": {"points": [{"customdata": [4, 10]}, {"customdata": [0, 4]}]}}, (0, 9)),
        ({"selection": {"box": [{"x": [2.3, 5.8]}], "points": [{"customdata": [0, 4]}]}}, (2, 5)),
        ({"selection": {"box": [{"x": [12, -3]}]}}, (0, 9)),
        ({"selection": {"box": [{"x": [11, 12]}]}}, None),
    ],
)
def test_columns_are_chosen_in_the_strip(
    event: dict[str, object], span: tuple[int, int] | None
) -> None:
    assert read_span(event, 10) == span


def test_the_strip_says_which_columns_a_range_holds() -> None:
    user, item = columns_figure(PACKED.columns).data
    assert (list(user.customdata[0]), list(item.customdata[0])) == ([0, 4], [4, 10])


def test_who_makes_every_input_the_requests_vouches_for_all_that_were_selected() -> None:
    sure = InputLabel(role=Role.USER, vouched="name")
    labels = Labels({"u": sure, "i": replace(sure, role=Role.ITEM)})
    made = set_role(labels, list_parts(labels), Role.USER)
    assert explain_lack_of_candidates(made) == ""
    assert set_role(labels, list_parts(labels)[:1], Role.USER) == labels


def test_what_is_no_item_feature_any_more_is_not_volatile() -> None:
    labels = Labels({"price": InputLabel(role=Role.ITEM, volatile=True)})
    for role, volatile in ((Role.ITEM, True), (Role.CONTEXT, False)):
        assert set_role(labels, list_parts(labels), role).inputs["price"].volatile is volatile
