"""Catalogues, folders and models that are refused, and the store that stays what it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mari_engine.errors import ModelError, StoreError
from mari_engine.files import claimed
from mari_engine.serving.items import RayOptions, write_items, writing
from mari_engine.serving.items.arrow_columns import ColumnFiller
from mari_engine.serving.items.catalogue import Stretch
from mari_engine.serving.items.item_model import ItemModel, output_specs
from mari_engine.serving.items.on_ray import RayStopped
from mari_engine.serving.items.pieces import Job, Piece, PieceWorker
from mari_engine.serving.offload import load_offloaded
from mari_engine.types import Feeds, InterfaceTensor
from support.builders import build
from support.item_stores import (
    VECTOR,
    WIDTH,
    catalogue_columns,
    write_catalogue,
    write_offloaded,
)
from support.store_writes import check_store, refusal, write_store

ROWS = 300


@pytest.mark.parametrize(("row", "other", "rows"), [(3, 9, "3 and in row 9"), (3, 299, "3 and in")])
def test_a_key_that_stands_twice_is_told_with_its_rows(
    row: int, other: int, rows: str, offloaded: Path, tmp_path: Path
) -> None:
    """Both in one piece, and in two."""
    columns = catalogue_columns(ROWS)
    columns["item_id"][other] = key = columns["item_id"][row]
    assert refusal(tmp_path, columns) == (
        f"{tmp_path / 'c.parquet'}: 'item_id' {key} stands twice: in row {row} and in row {other}; "
        "keep one row of each item"
    )
    assert not (tmp_path / "s" / "CURRENT").exists()


def test_a_key_of_two_files_is_told_with_both(offloaded: Path, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    columns = catalogue_columns(40, text_keys=True)
    for name in ("a.parquet", "b.parquet"):
        write_catalogue(tmp_path / "c" / name, columns)
    with pytest.raises(StoreError, match=r"a\.parquet: 'item_id' '.*' stands twice: in row \d+ an"):
        write_items(offloaded, tmp_path / "c", tmp_path / "s", key="item_id")


def test_mistakes_in_a_row_are_told_and_the_old_store_stays(
    offloaded: Path, tmp_path: Path
) -> None:
    columns = catalogue_columns(ROWS)
    write_store(tmp_path, columns)
    keys = columns["item_id"].tolist()
    for changed, message in [
        ({"item_id": pa.array([*keys[:200], None, *keys[201:]])}, "row 200: 'item_id' is null"),
        ({"price": pa.array([*[1.0] * 299, None], pa.float32())}, "row 299: 'price' is null"),
        ({"price": columns["price"].astype(np.float64)}, "row 0: 'price' is double"),
    ]:
        assert message in refusal(tmp_path, columns | changed)
        check_store(tmp_path, columns)


@pytest.mark.parametrize("row", [0, 77, 299])
@pytest.mark.parametrize("kept", [False, True])
def test_an_id_beyond_its_table_is_told_with_its_row(
    row: int, kept: bool, offloaded: Path, tmp_path: Path
) -> None:
    """Also where the model runs on those items alone that changed since the store before."""
    columns = catalogue_columns(ROWS)
    if kept:
        write_store(tmp_path, columns)
        columns["category"][::2] = 1
    columns["category"][row] = 10
    since = {"since": tmp_path / "s"} if kept else {}
    assert refusal(tmp_path, columns, **since) == (
        f"{tmp_path / 'c.parquet'}: row {row}: 'category' is 10, and the model's table has 0 to 9; "
        "mend the row, or offload the model that knows it"
    )


def test_a_row_that_no_range_explains_is_told_in_the_runtimes_words(tmp_path: Path) -> None:
    """The ids that are looked up are computed."""
    folder = write_offloaded(tmp_path / "offloaded")
    squares = build(
        f"id = Mul (category, category)\n {VECTOR} = Gather <axis = 0> (table, id)",
        inputs="int64[N] category", outputs=f"float[N, {WIDTH}] {VECTOR}",
        weights={"table": np.zeros((10, WIDTH), np.float32)},
    )  # fmt: skip
    part = load_offloaded(folder).item
    (folder / "item.onnx").write_bytes(squares)
    model = ItemModel(replace(part, outputs=part.outputs[:1]), threads=1, batch=8)
    ids = np.array([1, 3, 2, 4, 5], np.int64)
    assert model.find_refused({"category": ids}) == (3, "")


def test_nothing_is_left_of_a_catalogue_that_is_refused(offloaded: Path, tmp_path: Path) -> None:
    """In a row of the last piece, by a key of two pieces, and by the store to keep vectors of."""
    columns = catalogue_columns(ROWS)
    columns["category"][299] = 10
    refusal(tmp_path, columns)
    assert not (tmp_path / "s").exists()
    write_store(tmp_path, catalogue_columns(ROWS))
    before = sorted((tmp_path / "s").iterdir())
    columns = catalogue_columns(ROWS, seed=1)
    columns["item_id"][299] = columns["item_id"][0]
    refusal(tmp_path, columns)
    refusal(tmp_path, catalogue_columns(ROWS), since=tmp_path / "none")
    assert sorted((tmp_path / "s").iterdir()) == before


def test_pieces_stay_where_ray_fails(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Ray the same run is then gone on with."""

    def stop(job: Job, stretches: Sequence[Stretch], options: RayOptions) -> Iterator[Piece]:
        yield PieceWorker(job, threads=1).compute(stretches[0])
        raise RayStopped("Ray could not compute the pieces")

    monkeypatch.setattr(writing, "compute_on_ray", stop)
    assert refusal(tmp_path, catalogue_columns(ROWS), ray=RayOptions()).startswith("Ray could not")
    assert write_store(tmp_path).resumed == 32
    check_store(tmp_path, catalogue_columns(ROWS))


def test_a_catalogue_that_changed_meanwhile_is_not_published(
    offloaded: Path, tmp_path: Path
) -> None:
    def touch(share: float, what: str) -> None:
        (tmp_path / "c.parquet").touch()

    found = refusal(tmp_path, catalogue_columns(ROWS), progress=touch)
    assert found == f"{tmp_path / 'c.parquet'}: was changed while it was read; run this again"
    assert not (tmp_path / "s" / "CURRENT").exists()


def test_a_store_that_somebody_writes_is_left_to_him(offloaded: Path, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with claimed(tmp_path / "s"):
        assert refusal(tmp_path, catalogue_columns(ROWS)) == (
            f"{tmp_path / 's'}: another process writes to this store; wait until it has ended"
        )
    write_store(tmp_path)


def test_folders_of_others_are_not_written_to(offloaded: Path, tmp_path: Path) -> None:
    write_catalogue(tmp_path / "c.parquet")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "notes.txt").write_text("mine")
    assert refusal(tmp_path) == (
        f"{tmp_path / 's' / 'notes.txt'}: was not written by 'mari items'; give the store a folder "
        "of its own"
    )
    (tmp_path / "s" / "notes.txt").unlink()
    (tmp_path / "s").rmdir()
    (tmp_path / "s").write_text("mine")
    assert refusal(tmp_path) == f"{tmp_path / 's'}: is a file; name a folder for the store"
    with pytest.raises(StoreError, match="lies in the catalogue, or it there"):
        write_items(offloaded, tmp_path, tmp_path / "t", key="item_id")


def test_a_circle_of_links_is_told(offloaded: Path, tmp_path: Path) -> None:
    (tmp_path / "s").symlink_to("s")
    told = refusal(tmp_path, catalogue_columns(ROWS))
    assert told.startswith(f"{tmp_path / 's'}: cannot be written (")


def test_an_item_part_that_gives_something_else_is_refused(tmp_path: Path, offloaded: Path) -> None:
    part = load_offloaded(offloaded).item
    wider = replace(part.outputs[0], shape=("N", WIDTH + 1))
    model = ItemModel(replace(part, outputs=(wider,)), threads=1, batch=8)
    features: Feeds = {
        "category": np.zeros(2, np.int64),
        "features": np.zeros((2, 3), np.float32),
        "price": np.zeros((2, 1), np.float32),
    }
    with pytest.raises(ModelError) as caught:
        model.run(features)
    assert str(caught.value) == (
        f"{part.path}: '{VECTOR}' is float32 [2, 4] for 2 items, and its manifest says float32 [5] "
        "of each; run 'mari offload' again"
    )


@pytest.mark.parametrize(
    ("dtype", "extents"), [("string", (4,)), ("bfloat16", (4,)), ("float32", ("L",))]
)
def test_outputs_that_a_store_cannot_hold_are_refused(
    dtype: str, extents: tuple[int | str, ...]
) -> None:
    output = InterfaceTensor("h", dtype, ("N", *extents), "candidate")
    with pytest.raises(StoreError, match=r"output 'h' of the item part is .*; compute it online"):
        output_specs([output])


def test_a_disk_that_is_full_is_told_and_the_old_store_stays(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = catalogue_columns(ROWS)
    write_store(tmp_path, columns)

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(ColumnFiller, "append", fail)
        assert refusal(tmp_path, catalogue_columns(ROWS, seed=1)) == (
            f"{tmp_path / 's'}: cannot be written (No space left on device); make room there, or "
            "choose another folder"
        )
    check_store(tmp_path, columns)
