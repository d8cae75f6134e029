from __future__ import annotations

import json

import pytest

from mari_engine.errors import LabelError
from mari_engine.labeling import propose_labels
from mari_engine.labeling.volatility import keep_volatile
from mari_engine.loading import load
from mari_engine.types import Column, InputLabel, Labels, Role
from sample_models import sample_path


def packed(*spans: tuple[int, int, bool]) -> Labels:
    columns = tuple(
        Column(start=start, stop=stop, role=Role.ITEM, volatile=volatile)
        for start, stop, volatile in spans
    )
    return Labels({"x": InputLabel(columns=columns)})


def test_a_label_that_is_stated_to_be_volatile_survives_its_file() -> None:
    labels = Labels({"price": InputLabel(role=Role.ITEM, volatile=True)})
    assert Labels.from_json(json.dumps(labels.to_json())) == labels
    columns = packed((0, 2, False), (2, 3, True))
    assert Labels.from_json(json.dumps(columns.to_json())) == columns


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"role": "item", "volatile": 1}, "'volatile' must be true or false"),
        (
            {"volatile": True, "columns": [{"start": 0, "stop": 1, "role": "item"}]},
            "'volatile' stands beside 'columns'; state it in the columns",
        ),
    ],
)
def test_mistakes_are_named(label: object, message: str) -> None:
    with pytest.raises(LabelError) as caught:
        Labels.from_json({"version": 1, "inputs": {"price": label}})
    assert str(caught.value) == f"input 'price': {message}"


def test_a_proposal_keeps_what_is_stated_to_be_volatile() -> None:
    stated = Labels({"item_price": InputLabel(role=Role.ITEM, volatile=True)})
    proposed = propose_labels(load(sample_path("two_tower")), stated=stated)
    assert proposed.inputs["item_price"].volatile
    assert [name for name, label in proposed.inputs.items() if label.volatile] == ["item_price"]


def test_columns_that_are_cut_anew_are_volatile_where_one_of_the_stated_was() -> None:
    stated = packed((0, 2, False), (2, 5, True), (5, 6, False))
    kept = keep_volatile(packed((0, 3, False), (3, 5, False), (5, 6, False)), stated)
    assert [column.volatile for column in kept.inputs["x"].columns] == [True, True, False]
    whole = keep_volatile(Labels({"x": InputLabel(role=Role.ITEM)}), stated)
    assert whole.inputs["x"].volatile
    kept = keep_volatile(Labels({"x": InputLabel(role=Role.USER)}), stated)
    assert not kept.inputs["x"].volatile
