"""structure.json is read as it was written, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mari_engine import load
from mari_engine.analysis import structure_of
from mari_engine.errors import ModelError
from mari_engine.types import Structure, parse_json
from support.builders import ranking_tower

FOUND = structure_of(load(ranking_tower()))


def test_it_is_read_as_it_was_written() -> None:
    text = FOUND.to_text()
    again = Structure.from_json(parse_json(text))
    assert again.digest == FOUND.digest
    assert again.nodes == FOUND.nodes
    assert json.loads(text) == json.loads(json.dumps(FOUND.to_json()))
    assert sum('"op": ' in line for line in text.splitlines()) == len(FOUND.nodes)


def without_nodes(document: dict[str, Any]) -> None:
    del document["nodes"]


def older(document: dict[str, Any]) -> None:
    document["version"] = 0


def numbered_op(document: dict[str, Any]) -> None:
    document["nodes"][0]["op"] = 3


def strange_side(document: dict[str, Any]) -> None:
    document["nodes"][0]["side"] = "left"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (without_nodes, "'nodes' must be a list"),
        (older, "version is 0"),
        (numbered_op, "nodes 0: 'op' is missing or not a text"),
        (strange_side, "unknown side 'left'"),
    ],
)
def test_damage_is_told(damage: Callable[[dict[str, Any]], None], told: str) -> None:
    document = json.loads(FOUND.to_text())
    damage(document)
    with pytest.raises(ModelError, match=told):
        Structure.from_json(document)
