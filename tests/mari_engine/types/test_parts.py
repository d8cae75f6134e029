from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mari_engine.errors import ModelError
from mari_engine.types import (
    FetchedInput,
    FileDigest,
    InputBinding,
    InterfaceTensor,
    JsonDocument,
    JsonObject,
    Part,
    PartKind,
)

ONLINE = Part(
    part=PartKind.ONLINE,
    model=FileDigest("online.onnx", "0" * 64),
    data=(FileDigest("online.onnx.data", "1" * 64),),
    inputs=(
        InputBinding("price", "float32", ("N", 1), "candidate", "price"),
        InputBinding("x__candidate", "float32", ("N", 2), "candidate", "x", (4, 7)),
        FetchedInput(
            "item_h0__3fa9c1d2", "float16", ("N", 8), "candidate", PartKind.ITEM,
            "item_h0__3fa9c1d2",
        ),
    ),
    outputs=(InterfaceTensor("score", "float32", ("N", 1), "candidate"),),
)  # fmt: skip


def read(document: Any) -> Part:
    return Part.from_json(JsonObject(document, "part 0", JsonDocument(ModelError, "again")))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(ONLINE.to_json()))
    change(document)
    return document


def test_a_part_survives_json() -> None:
    assert read(changed(lambda _: None)) == ONLINE


def test_outputs_are_listed_by_name_alone() -> None:
    assert ONLINE.to_json()["outputs"] == ["score"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda part: part.update(part="later"), "part 0: unknown part 'later'; again"),
        (
            lambda part: part.update(file="../online.onnx"),
            "part 0: 'file' must be the name of a file in this folder; again",
        ),
        (
            lambda part: part["data"][0].update(file=".."),
            "part 0 data 0: 'file' must be the name of a file in this folder; again",
        ),
        (
            lambda part: part.update(outputs=["click"]),
            "part 0: 'outputs' and 'tensors' must be of the same names; again",
        ),
        (
            lambda part: part["inputs"][2]["source"].update(part=1),
            "part 0 input 2 source: unknown part 1; again",
        ),
        (
            lambda part: part["inputs"][1].update(rows="user"),
            "part 0 input 1: 'rows' is 'user', neither 'request' nor 'candidate'; again",
        ),
        (
            lambda part: part.pop("sha256"),
            "part 0: 'sha256' is missing or not a text; again",
        ),
    ],
)
def test_mistakes_are_named(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        read(changed(change))
    assert str(caught.value) == message
