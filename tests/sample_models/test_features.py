"""Features and the labels they amount to."""

from __future__ import annotations

from mari_engine.types import Role
from sample_models.features import (
    dense,
    history,
    ids,
    interleave,
    label_columns,
    label_inputs,
)

USER = ids(Role.USER, user_id=10, user_city=5, user_age=3)
ITEM = ids(Role.ITEM, item_id=20)


def test_interleave_takes_turns_and_keeps_the_rest() -> None:
    names = [feature.name for feature in interleave(USER, ITEM)]
    assert names == ["user_id", "item_id", "user_city", "user_age"]
    names = [feature.name for feature in interleave(ITEM, USER)]
    assert names == ["item_id", "user_id", "user_city", "user_age"]


def test_one_label_for_each_input() -> None:
    labels = label_inputs((*ITEM, *dense(Role.CROSS, affinity=3))).inputs
    assert labels["item_id"].role == Role.ITEM
    assert labels["item_id"].range == (0, 20)
    assert labels["affinity"].role == Role.CROSS
    assert labels["affinity"].range == (0.0, 1.0)


def test_columns_of_a_packed_input_follow_each_other() -> None:
    past = history("hist", length=4, vocabulary=20, table="item_id")
    features = (*ITEM, past, *dense(Role.USER, activity=2))
    columns = label_columns(features, packed="X").inputs["X"].columns
    assert [(c.start, c.stop, c.name) for c in columns] == [
        (0, 1, "item_id"),
        (1, 5, "hist"),
        (5, 7, "activity"),
    ]
    assert [c.role for c in columns] == [Role.ITEM, Role.USER, Role.USER]
    assert [c.integer for c in columns] == [True, True, False]


def test_a_history_shares_the_table_of_its_target() -> None:
    past = history("hist", length=4, vocabulary=20, table="item_id")
    assert past.table_name == ITEM[0].table_name == "item_id"
