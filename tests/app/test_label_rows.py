from __future__ import annotations

from typing import Any

import pytest

from app.views.label_rows import (
    count_sides,
    list_parts,
    make_rows,
    match,
    packable,
    read_rows,
    set_columns,
    set_role,
)
from mari_engine import Column, GraphInfo, InputLabel, LabelError, Labels, Role, TensorInfo

INFO = GraphInfo(
    inputs=(
        TensorInfo("user_id", "int64", ("N",)),
        TensorInfo("x", "float32", ("N", 10)),
    ),
    outputs=(), initializers=(), nodes=(), opset=18, ir_version=10, producer="", parameters=0,
    bytes=0, candidate_axis=0,
)  # fmt: skip
PACKED = InputLabel(
    columns=(
        Column(start=0, stop=4, role=Role.USER, name="profile"),
        Column(start=4, stop=10, role=Role.ITEM, name="item", confidence=0.5),
    )
)
LABELS = Labels({"user_id": InputLabel(role=Role.USER, range=(0, 9)), "x": PACKED})


def rows(**changes: Any) -> list[dict[str, object]]:
    """The rows of LABELS, the doubtful one (x/item) first and changed as given."""
    made = make_rows(LABELS, INFO)
    return [made[0] | changes, *made[1:]]


def test_doubtful_rows_come_first() -> None:
    assert [part.name for part in list_parts(LABELS)] == ["x/item", "user_id", "x/profile"]


def test_a_row_says_what_it_stands_for() -> None:
    assert rows()[0] == {
        "input": "x", "columns": "4 to 9", "name": "item", "role": "item", "confidence": 0.5,
        "evidence": "", "low": None, "high": None, "integer": False, "type": "float32 [N, 10]",
    }  # fmt: skip
    assert [row["columns"] for row in rows()] == ["4 to 9", "all", "0 to 3"]


def test_unchanged_rows_give_the_same_labels() -> None:
    assert read_rows(LABELS, rows()) == (LABELS, [])


def test_an_edit_counts_in_full() -> None:
    labels, problems = read_rows(LABELS, rows(role="cross", low=0, high=2.5, integer=True))
    changed = labels.inputs["x"].columns[1]
    assert (changed.role, changed.range, changed.integer) == (Role.CROSS, (0, 2.5), True)
    assert (changed.confidence, changed.evidence) == (1.0, ("set by hand",))
    assert problems == []
    assert labels.inputs["user_id"] == LABELS.inputs["user_id"]


@pytest.mark.parametrize(
    ("low", "high", "problem"),
    [
        (0, None, "x/item: the range has one end only; give both or none"),
        (None, 5, "x/item: the range has one end only; give both or none"),
        (5, 5, "x/item: the range must go from low to a higher end"),
    ],
)
def test_an_unfinished_range_keeps_the_old_one(low: object, high: object, problem: str) -> None:
    labels, problems = read_rows(LABELS, rows(low=low, high=high))
    assert problems == [problem]
    assert labels == LABELS


def test_a_range_can_be_taken_away() -> None:
    made = rows()
    made[1] |= {"low": float("nan"), "high": None}
    labels, problems = read_rows(LABELS, made)
    assert labels.inputs["user_id"].range is None
    assert problems == []


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
    assert match(LABELS, pattern) == names


def test_roles_are_set_by_pattern() -> None:
    labels = set_role(LABELS, "x", Role.CONTEXT)
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


def test_sides_are_counted() -> None:
    assert count_sides(LABELS) == (2, 1, 1)
