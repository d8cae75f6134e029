from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mari_engine.artifact import with_digests, write_document
from mari_engine.errors import ModelError
from mari_engine.serving.offload import load_offloaded
from mari_engine.types import (
    FetchedInput,
    FileDigest,
    InputBinding,
    InterfaceTensor,
    Part,
    PartKind,
)

VECTOR = InterfaceTensor("item_h0__abababab", "float32", ("N", 8), "candidate")
ITEM = Part(
    PartKind.ITEM,
    FileDigest("item.onnx", "0" * 64),
    (),
    (InputBinding("item_id", "int64", ("N", 1), "candidate", "item_id"),),
    (VECTOR,),
)
ONLINE = Part(
    PartKind.ONLINE,
    FileDigest("online.onnx", "0" * 64),
    (),
    (FetchedInput(VECTOR.name, "float32", ("N", 8), "candidate", PartKind.ITEM, VECTOR.name),),
    (InterfaceTensor("score", "float32", ("N", 1), "candidate"),),
)


def write(folder: Path, *parts: Part, **fields: Any) -> Path:
    for part in parts:
        (folder / part.model.file).write_bytes(part.part.encode())
    manifest = {"version": 1, "item_hash": "ab" * 32, "parts": [part.to_json() for part in parts]}
    write_document(folder / "manifest.json", manifest | fields)
    names = ["manifest.json", *(part.model.file for part in parts)]
    write_document(folder / "certificate.json", with_digests({"passed": True}, folder, names))
    return folder


def test_the_item_part_is_found_with_what_it_takes_and_gives(tmp_path: Path) -> None:
    item = load_offloaded(write(tmp_path, ITEM, ONLINE)).item
    assert item.path == tmp_path / "item.onnx"
    assert (item.inputs, item.outputs, item.item_hash) == (ITEM.inputs, (VECTOR,), "ab" * 32)


def test_a_folder_without_an_item_part_says_how_to_get_one(tmp_path: Path) -> None:
    offloaded = load_offloaded(write(tmp_path, ONLINE))
    with pytest.raises(ModelError, match=r"has no item part; run 'mari offload' with --parts item"):
        _ = offloaded.item


def test_large_weights_of_a_part_that_were_changed_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "item.onnx.data"
    data.write_bytes(b"as checked")
    digest = FileDigest(data.name, hashlib.sha256(data.read_bytes()).hexdigest())
    assert load_offloaded(write(tmp_path, replace(ITEM, data=(digest,)), ONLINE)).item
    data.write_bytes(b"as edited")
    with pytest.raises(ModelError, match=r"item\.onnx\.data: was changed .* run 'mari offload'"):
        load_offloaded(tmp_path)


def test_a_part_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, ITEM, ONLINE)
    (folder / "item.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"item\.onnx: was changed .* run 'mari offload' again"):
        load_offloaded(folder)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 2}, "'version' is not 1"),
        ({"parts": [ITEM.to_json()]}, "'parts' must be one online part"),
        ({"parts": [ONLINE.to_json()] * 2}, "'parts' must be one online part"),
        ({"item_hash": None}, "'item_hash' is missing or not a text"),
    ],
)
def test_mistakes_in_the_manifest_are_named(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    folder = write(tmp_path, ITEM, ONLINE, **fields)
    with pytest.raises(ModelError) as caught:
        load_offloaded(folder)
    assert (
        str(caught.value)
        == f"{folder}/manifest.json: {message}"
        + (", and at most one of each other kind" if message.endswith("online part") else "")
        + "; run 'mari offload' again"
    )


def test_a_folder_of_another_command_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1, "inputs": []}))
    with pytest.raises(
        ModelError, match=r"lists no parts; give a folder that 'mari offload' wrote"
    ):
        load_offloaded(tmp_path)
