from __future__ import annotations

from typing import Any

import pytest

from app.views.labels import (
    ALL,
    Standing,
    count_sides,
    list_filters,
    list_parts,
    make_rows,
    name_filter,
    narrow,
    read_rows,
)
from mari_engine import Column, GraphInfo, InputLabel, Labels, Role, TensorInfo

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
PARTS = list_parts(LABELS)


def rows(**changes: Any) -> list[dict[str, object]]:
    """The rows of LABELS, the doubtful one (x/item) first and changed as given."""
    made = make_rows(PARTS, INFO)
    return [made[0] | changes, *made[1:]]


def test_doubtful_rows_come_first() -> None:
    assert [part.name for part in list_parts(LABELS)] == ["x/item", "user_id", "x/profile"]


def test_a_row_says_what_it_stands_for() -> None:
    assert rows()[0] == {
        "input": "x", "columns": "4 to 9", "name": "item", "standing": "? doubtful",
        "role": "item", "confidence": 0.5, "evidence": "", "low": None, "high": None,
        "integer": False, "type": "float32 [N, 10]",
    }  # fmt: skip
    assert [row["columns"] for row in rows()] == ["4 to 9", "all", "0 to 3"]


def test_unchanged_rows_give_the_same_labels() -> None:
    assert read_rows(LABELS, PARTS, rows()) == (LABELS, [])


def test_an_edit_counts_in_full() -> None:
    labels, problems = read_rows(LABELS, PARTS, rows(role="cross", low=0, high=2.5, integer=True))
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
    labels, problems = read_rows(LABELS, PARTS, rows(low=low, high=high))
    assert problems == [problem]
    assert labels == LABELS


def test_a_range_can_be_taken_away() -> None:
    made = rows()
    made[1] |= {"low": float("nan"), "high": None}
    labels, problems = read_rows(LABELS, PARTS, made)
    assert labels.inputs["user_id"].range is None
    assert problems == []


def test_sides_are_counted() -> None:
    assert count_sides(LABELS) == (2, 1, 1)


def test_conflicts_come_first_then_doubts_then_role_by_role() -> None:
    labels = Labels(
        {
            "i": InputLabel(role=Role.ITEM),
            "c": InputLabel(role=Role.CONTEXT),
            "thin": InputLabel(role=Role.USER, confidence=0.6),
            "thinner": InputLabel(role=Role.USER, confidence=0.3),
            "both": InputLabel(role=Role.ITEM, confidence=0.5, evidence=("a", "but b says user")),
            "u": InputLabel(role=Role.USER),
            "turned": InputLabel(role=Role.ITEM),
        }
    )
    sure = InputLabel(role=Role.USER, evidence=("its name says 'user'",))
    parts = list_parts(labels, Labels({"turned": sure, "c": sure}))
    assert [part.name for part in parts] == ["both", "turned", "thinner", "thin", "u", "c", "i"]
    assert [part.doubt for part in parts[:2]] == [
        "b says user", "proposed as R · user: its name says 'user'",
    ]  # fmt: skip
    assert list_filters(parts) == {
        "all": 7, "conflict": 2, "doubtful": 2, "sure": 3, "user": 3, "context": 1, "item": 3,
    }  # fmt: skip
    assert [part.name for part in narrow(parts, "doubtful")] == ["thinner", "thin"]
    assert [part.name for part in narrow(parts, "context")] == ["c"]
    assert narrow(parts, ALL) == parts
    assert [name_filter(one, 1000) for one in ("all", "conflict", "item")] == [
        "All 1,000", "! conflict 1,000", "I · item 1,000",
    ]  # fmt: skip


def test_what_a_person_set_against_the_evidence_is_theirs() -> None:
    hand = InputLabel(role=Role.ITEM, evidence=("set by hand",))
    (part,) = list_parts(Labels({"a": hand}), Labels({"a": InputLabel(role=Role.USER)}))
    assert part.standing == Standing.BY_HAND
    assert part.doubt == "proposed as R · user"
    (row,) = make_rows([part], INFO)
    assert row["evidence"] == "but proposed as R · user; set by hand"


def test_columns_are_held_against_the_proposals_that_cover_them() -> None:
    proposals = Labels(
        {
            "x": InputLabel(
                columns=(
                    Column(start=0, stop=4, role=Role.USER),
                    Column(start=4, stop=10, role=Role.ITEM, confidence=0.5),
                )
            )
        }
    )
    turned = InputLabel(
        columns=(
            Column(start=0, stop=2, role=Role.ITEM, name="a"),
            Column(start=2, stop=4, role=Role.CONTEXT, name="b"),
            Column(start=4, stop=10, role=Role.USER, name="c"),
        )
    )
    parts = list_parts(Labels({"x": turned}), proposals)
    assert [(part.name, str(part.standing)) for part in parts] == [
        ("x/a", "conflict"), ("x/c", "sure"), ("x/b", "sure"),
    ]  # fmt: skip


def test_a_narrowed_table_edits_only_its_rows() -> None:
    shown = narrow(PARTS, "user")
    made = [row | {"role": "context"} for row in make_rows(shown, INFO)]
    labels, _ = read_rows(LABELS, shown, made)
    assert labels.inputs["user_id"].role == Role.CONTEXT
    assert [column.role for column in labels.inputs["x"].columns] == [Role.CONTEXT, Role.ITEM]
