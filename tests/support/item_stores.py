"""Offload folders and catalogues for tests of item stores, small and made anew by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq

from mari_engine.artifact import with_digests, write_document
from mari_engine.graph import fingerprint
from mari_engine.types import (
    FetchedInput,
    FileDigest,
    InputBinding,
    InterfaceTensor,
    Part,
    PartInput,
    PartKind,
)
from support.builders import build

HASH = "3fa9c1d2" * 8
VECTOR = "item_h0__3fa9c1d2"
PRICE = "item_h1__3fa9c1d2"
ITEMS = 300
WIDTH = 4


def write_offloaded(folder: Path, *, item_hash: str = HASH, dtype: str = "float32") -> Path:
    """Write a folder of three parts; the item part looks ids up in a table, and doubles prices.

    The online part multiplies the items' vectors with the user's, adds what differs by pair, and
    multiplies with the price. All numbers are small and whole, so that nothing rounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vector, price = (f"item_h{at}__{item_hash[:8]}" for at in (0, 1))
    for name, model in _models(vector, price, half=dtype == "float16").items():
        (folder / name).write_bytes(model)
    parts = [part.to_json() for part in _parts(folder, vector, price, dtype)]
    manifest = {"version": 1, "item_hash": item_hash, "parts": parts}
    write_document(folder / "manifest.json", manifest)
    names = ["manifest.json", *(f"{kind}.onnx" for kind in PartKind)]
    certificate = with_digests({"passed": True}, folder, names)
    write_document(folder / "certificate.json", certificate)
    return folder


def _models(vector: str, price: str, *, half: bool) -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    kind, number = ("float16", 10) if half else ("float", 1)
    item = build(
        f"""
        found = Gather <axis = 0> (table, category)
        mixed = MatMul (features, weights)
        sum = Add (found, mixed)
        {vector} = Cast <to = {number}> (sum)
        {price} = Mul (price, two)
        """,
        inputs="int64[N] category, float[N, 3] features, float[N, 1] price",
        outputs=f"{kind}[N, {WIDTH}] {vector}, float[N, 1] {price}",
        weights={
            "table": rng.integers(-8, 8, (10, WIDTH)).astype(np.float32),
            "weights": rng.integers(-8, 8, (3, WIDTH)).astype(np.float32),
            "two": np.full((1,), 2, np.float32),
        },
    )
    request = build(
        "request_h0 = MatMul (user, weights)",
        inputs="float[1, 2] user",
        outputs=f"float[1, {WIDTH}] request_h0",
        weights={"weights": rng.integers(-8, 8, (2, WIDTH)).astype(np.float32)},
    )
    online = build(
        f"""
        wide = Cast <to = 1> ({vector})
        column = Transpose <perm = [1, 0]> (request_h0)
        dots = MatMul (wide, column)
        sums = Add (dots, pair)
        score = Mul (sums, {price})
        """,
        inputs=f"{kind}[N, {WIDTH}] {vector}, float[N, 1] {price}, float[1, {WIDTH}] request_h0, "
        "float[N, 1] pair",
        outputs="float[N, 1] score",
    )
    return {"request.onnx": request, "item.onnx": item, "online.onnx": online}


def _parts(folder: Path, vector: str, price: str, dtype: str) -> list[Part]:
    def part(
        kind: PartKind, inputs: Sequence[PartInput], outputs: Sequence[InterfaceTensor]
    ) -> Part:
        file = f"{kind}.onnx"
        digest = FileDigest(file, fingerprint(folder / file))
        return Part(kind, digest, (), tuple(inputs), tuple(outputs))

    hidden = InterfaceTensor("request_h0", "float32", (1, WIDTH), "request")
    items = [
        InterfaceTensor(vector, dtype, ("N", WIDTH), "candidate"),
        InterfaceTensor(price, "float32", ("N", 1), "candidate"),
    ]
    fetched = [
        FetchedInput(each.name, each.dtype, each.shape, each.rows, kind, each.name)
        for each, kind in [(each, PartKind.ITEM) for each in items] + [(hidden, PartKind.REQUEST)]
    ]
    features = [
        InputBinding("category", "int64", ("N",), "candidate", "category"),
        InputBinding("features", "float32", ("N", 3), "candidate", "features"),
        InputBinding("price", "float32", ("N", 1), "candidate", "price"),
    ]
    user = InputBinding("user", "float32", (1, 2), "request", "user")
    pair = InputBinding("pair", "float32", ("N", 1), "candidate", "pair")
    score = InterfaceTensor("score", "float32", ("N", 1), "candidate")
    return [
        part(PartKind.REQUEST, [user], [hidden]),
        part(PartKind.ITEM, features, items),
        part(PartKind.ONLINE, [*fetched, pair], [score]),
    ]


def catalogue_columns(
    items: int = ITEMS, *, seed: int = 0, text_keys: bool = False
) -> dict[str, Any]:
    """Return the columns of a catalogue in no order: `item_id` and the item part's inputs."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(items * 3)[:items]
    features = rng.integers(-4, 4, (items, 3)).astype(np.float32)
    return {
        "item_id": [f"item {each} é" for each in ids] if text_keys else ids.astype(np.int64),
        "category": rng.integers(0, 10, items).astype(np.int64),
        "features": pa.FixedSizeListArray.from_arrays(features.reshape(-1), 3),
        "price": rng.integers(1, 100, items).astype(np.float32),
        "title": ["not an input"] * items,
    }


def write_catalogue(
    path: Path, columns: Mapping[str, Any] | None = None, *, row_group: int | None = None
) -> Path:
    """Write a catalogue, by default of `catalogue_columns()`."""
    table = pa.table(dict(columns or catalogue_columns()))
    pq.write_table(table, path, row_group_size=row_group)
    return path


def expected(columns: Mapping[str, Any], offloaded: Path) -> dict[str, np.ndarray]:
    """Return what a store holds of these rows, computed by numpy from the item part's weights."""
    graph = onnx.load(offloaded / "item.onnx").graph
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    features = np.asarray(columns["features"].flatten()).reshape(-1, 3)
    vectors = weights["table"][columns["category"]] + features @ weights["weights"]
    prices = 2 * np.asarray(columns["price"]).reshape(-1, 1)
    first, second = (each.name for each in graph.output)
    kind = np.float16 if graph.output[0].type.tensor_type.elem_type == 10 else np.float32
    return {first: vectors.astype(kind), second: prices}


def shuffled(columns: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
    """Return the rows of a catalogue in this order."""
    table = pa.table(dict(columns)).take(pa.array(order))
    return {name: table.column(name).combine_chunks() for name in table.column_names}
