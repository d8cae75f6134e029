from __future__ import annotations

from dataclasses import replace

import pytest

from app.views.labels import (
    ALL,
    OPEN,
    Standing,
    count_sides,
    list_filters,
    list_parts,
    make_rows,
    name_filter,
    name_open,
    narrow,
    tell_voucher,
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


def test_doubtful_rows_come_first() -> None:
    assert [part.name for part in list_parts(LABELS)] == ["x/item", "user_id", "x/profile"]


def test_a_row_says_what_it_stands_for() -> None:
    rows = make_rows(PARTS, INFO)
    assert rows[0] == {
        "feature": "x/item", "role": "I · item", "standing": "? doubtful",
        "vouched": "nobody yet", "evidence": "", "columns": "4 to 9", "values": "",
        "type": "float32 [N, 10]",
    }  # fmt: skip
    assert [row["columns"] for row in rows] == ["4 to 9", "all", "0 to 3"]
    assert [row["values"] for row in rows] == ["", "0 to below 9", ""]


@pytest.mark.parametrize(
    ("label", "voucher"),
    [
        (InputLabel(role=Role.USER, vouched="graph"), "graph"),
        (InputLabel(role=Role.USER, vouched="Ada"), "Ada"),
        (InputLabel(role=Role.USER), "whoever confirms"),
        (InputLabel(role=Role.USER, confidence=0.9), "nobody yet"),
    ],
)
def test_a_row_says_who_vouches_for_it(label: InputLabel, voucher: str) -> None:
    (part,) = list_parts(Labels({"a": label}))
    assert tell_voucher(part) == voucher


def test_what_is_left_to_answer_is_named() -> None:
    assert name_open(PARTS) == "1 row is left to answer: x/item."
    assert name_open(PARTS[1:]) == ""
    many = Labels({name: InputLabel(role=Role.USER, confidence=0.5) for name in "abcde"})
    assert name_open(list_parts(many)) == "5 rows are left to answer: a, b, c and 2 more."


def test_sides_are_counted() -> None:
    assert count_sides(PARTS) == (2, 1)


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
        "all": 7, "open": 4, "conflict": 2, "doubtful": 2, "sure": 3, "user": 3, "context": 1,
        "item": 3,
    }  # fmt: skip
    assert [part.name for part in narrow(parts, "doubtful")] == ["thinner", "thin"]
    assert [part.name for part in narrow(parts, "context")] == ["c"]
    assert [part.name for part in narrow(parts, OPEN)] == ["both", "turned", "thinner", "thin"]
    assert narrow(parts, ALL) == parts
    assert [name_filter(one, 1000) for one in ("all", "open", "conflict", "item")] == [
        "All 1,000", "To answer 1,000", "! conflict 1,000", "I · item 1,000",
    ]  # fmt: skip


def test_what_a_person_said_against_the_evidence_is_theirs() -> None:
    hand = InputLabel(role=Role.ITEM, evidence=("set by hand",), vouched="Ada")
    (part,) = list_parts(Labels({"a": hand}), Labels({"a": InputLabel(role=Role.USER)}))
    assert part.standing == Standing.ANSWERED
    assert part.doubt == "proposed as R · user"
    (row,) = make_rows([part], INFO)
    assert row["evidence"] == "but proposed as R · user; set by hand"


def test_a_request_outweighs_a_person_and_the_graph() -> None:
    differs = Column(
        start=3, stop=6, role=Role.ITEM, vouched="request", evidence=("its values differ",)
    )
    learnt = Labels({"x": InputLabel(columns=(replace(differs, start=0, stop=3, role=Role.USER,
                                                      vouched="graph"), differs))})  # fmt: skip
    for vouched in ("Ada", "graph", ""):
        said = Labels({"x": InputLabel(role=Role.USER, vouched=vouched)})
        (part,) = list_parts(said, learnt)
        assert (part.standing, part.doubt) == (
            Standing.CONFLICT, "columns 3 to 5: its values differ",
        )  # fmt: skip
    settled = Labels({"x": InputLabel(role=Role.ITEM, vouched="request", evidence=("but no",))})
    (part,) = list_parts(settled, Labels({"x": InputLabel(role=Role.USER, vouched="graph")}))
    assert part.standing == Standing.SURE


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
