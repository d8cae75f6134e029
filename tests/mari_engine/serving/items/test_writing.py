"""The catalogue through the item part: what is stored, kept, gone on with, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mari_engine.errors import Cancelled, MariError, ModelError, StoreError
from mari_engine.files import claimed
from mari_engine.serving.items import ItemStore, WrittenItems, catalogue, merging, pieces, writing
from mari_engine.serving.items.item_model import ItemModel, output_specs
from mari_engine.serving.offload import load_offloaded
from mari_engine.types import Feeds, PartOutput
from support.item_stores import (
    HASH,
    VECTOR,
    WIDTH,
    catalogue_columns,
    expected,
    shuffled,
    write_catalogue,
    write_offloaded,
)

ROWS = 300


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 32 rows, and chunks of about as many: a small catalogue has several of both."""
    monkeypatch.setattr(catalogue, "BATCH_ROWS", 16)
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 32 * 20)
    monkeypatch.setattr(merging, "_CHUNK_BYTES", 32 * 44)
    monkeypatch.setattr(merging, "_SAMPLED", 4)


@pytest.fixture
def offloaded(tmp_path: Path) -> Path:
    return write_offloaded(tmp_path / "offloaded")


def write(tmp_path: Path, columns: Mapping[str, Any] | None = None, **options: Any) -> WrittenItems:
    if columns is not None:
        write_catalogue(tmp_path / "c.parquet", columns, row_group=120)
    return writing.write_items(
        tmp_path / "offloaded", tmp_path / "c.parquet", tmp_path / "s", key="item_id", **options
    )


def refusal(tmp_path: Path, columns: Mapping[str, Any] | None = None, **options: Any) -> str:
    with pytest.raises(StoreError) as caught:
        write(tmp_path, columns, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check_store(tmp_path: Path, columns: Mapping[str, Any]) -> None:
    """Assert that the store holds these items and nothing else."""
    with ItemStore.open(tmp_path / "s") as store:
        store.check()
        assert len(store) == len(columns["item_id"])
        found = store.lookup(columns["item_id"])
    for name, array in expected(columns, tmp_path / "offloaded").items():
        assert found[name].tolist() == array.tolist()


@pytest.mark.parametrize("text_keys", [False, True])
def test_every_item_is_stored_by_its_key(text_keys: bool, offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS, text_keys=text_keys)
    written = write(tmp_path, columns)
    assert (written.rows, written.computed, written.resumed) == (ROWS, ROWS, 0)
    check_store(tmp_path, columns)


@pytest.mark.parametrize("order", ["rising", "falling", "random"])
def test_the_order_of_the_catalogue_changes_no_row(
    order: str, offloaded: Path, tmp_path: Path
) -> None:
    columns = catalogue_columns(ROWS)
    rising = np.argsort(columns["item_id"])
    random = np.random.default_rng(1).permutation(ROWS)
    orders = {"rising": rising, "falling": rising[::-1], "random": random}
    first = write(tmp_path, columns).folder
    before = (first / "items.arrow").read_bytes(), pq.read_table(first / "items.parquet")
    second = write(tmp_path, shuffled(columns, orders[order].tolist())).folder
    assert (second / "items.arrow").read_bytes() == before[0]
    assert pq.read_table(second / "items.parquet").equals(before[1])


def test_the_parquet_holds_the_same_rows_in_the_order_of_the_keys(
    offloaded: Path, tmp_path: Path
) -> None:
    columns = catalogue_columns(ROWS, text_keys=True)
    file = pq.ParquetFile(write(tmp_path, columns).folder / "items.parquet")
    table = file.read()
    keys = table.column("item_id").to_pylist()
    assert keys == sorted(columns["item_id"])
    with ItemStore.open(tmp_path / "s") as store:
        assert table.column(VECTOR).to_pylist() == store.lookup(keys)[VECTOR].tolist()
    assert file.schema_arrow.metadata[b"mari.item_hash"] == HASH.encode()
    assert file.metadata.row_group(0).column(1).compression == "ZSTD"


def test_unchanged_items_keep_their_vectors(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = catalogue_columns(ROWS)
    write(tmp_path, columns)
    ran: list[int] = []
    run = ItemModel.run

    def count(self: ItemModel, features: Feeds) -> Feeds:
        ran.append(len(features["price"]))
        return run(self, features)

    monkeypatch.setattr(ItemModel, "run", count)
    changed = dict(columns)
    changed["price"] = columns["price"].copy()
    changed["price"][[3, 250]] += 1
    changed["item_id"] = columns["item_id"].copy()
    changed["item_id"][100] = 10_000
    written = write(tmp_path, shuffled(changed, range(ROWS - 1)), since=tmp_path / "s")
    assert (written.rows, written.computed, sum(ran)) == (ROWS - 1, 3, 3)
    check_store(tmp_path, shuffled(changed, range(ROWS - 1)))


def test_a_store_of_another_model_keeps_nothing(offloaded: Path, tmp_path: Path) -> None:
    write(tmp_path, catalogue_columns(ROWS))
    write_offloaded(offloaded, item_hash="ab" * 32)
    found = refusal(tmp_path, since=tmp_path / "s", force=True)
    assert "holds the vectors of another item model (3fa9c1d2, and not abababab)" in found


def test_another_models_store_is_replaced_by_force_only(offloaded: Path, tmp_path: Path) -> None:
    write(tmp_path, catalogue_columns(ROWS))
    write_offloaded(offloaded, item_hash="ab" * 32)
    assert refusal(tmp_path) == (
        f"{tmp_path / 's'}: holds the vectors of another item model, whose services would fail; "
        "name another folder, or replace them with --force"
    )
    write(tmp_path, force=True)
    with ItemStore.open(tmp_path / "s") as store:
        assert store.item_hash == "ab" * 32


def test_keys_of_another_kind_keep_nothing(offloaded: Path, tmp_path: Path) -> None:
    write(tmp_path, catalogue_columns(ROWS))
    found = refusal(tmp_path, catalogue_columns(ROWS, text_keys=True), since=tmp_path / "s")
    assert "its keys are int64, and those of" in found
    assert found.endswith("string; leave --since out")


def stop_after(items: int) -> Any:
    def report(share: float, what: str) -> None:
        if what.endswith("items") and int(what.split()[0]) >= items:
            raise Cancelled("stopped by the user")

    return report


def test_a_stopped_run_is_gone_on_with(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    with pytest.raises(Cancelled):
        write(tmp_path, columns, progress=stop_after(150))
    assert not (tmp_path / "s" / "CURRENT").exists()
    written = write(tmp_path)
    assert written.resumed == 152
    check_store(tmp_path, columns)
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [
        "CURRENT", written.folder.name,
    ]  # fmt: skip


def test_a_piece_that_was_damaged_is_computed_anew(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    with pytest.raises(Cancelled):
        write(tmp_path, columns, progress=stop_after(150))
    damaged = sorted((tmp_path / "s").rglob("piece-*"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert write(tmp_path).resumed == 120
    check_store(tmp_path, columns)


@pytest.mark.parametrize("change", ["catalogue", "model"])
def test_what_was_made_of_something_else_is_not_gone_on_with(
    change: str, offloaded: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        write(tmp_path, catalogue_columns(ROWS), progress=stop_after(150))
    if change == "model":
        write_offloaded(offloaded, item_hash="ab" * 32)
    columns = catalogue_columns(ROWS, seed=int(change == "catalogue"))
    assert write(tmp_path, columns).resumed == 0
    check_store(tmp_path, columns)


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
        writing.write_items(offloaded, tmp_path / "c", tmp_path / "s", key="item_id")


def test_mistakes_in_a_row_are_told_and_the_old_store_stays(
    offloaded: Path, tmp_path: Path
) -> None:
    columns = catalogue_columns(ROWS)
    write(tmp_path, columns)
    keys = columns["item_id"].tolist()
    for changed, message in [
        ({"item_id": pa.array([*keys[:200], None, *keys[201:]])}, "row 200: 'item_id' is null"),
        ({"price": pa.array([*[1.0] * 299, None], pa.float32())}, "row 299: 'price' is null"),
        ({"price": columns["price"].astype(np.float64)}, "row 0: 'price' is double"),
    ]:
        assert message in refusal(tmp_path, columns | changed)
        check_store(tmp_path, columns)


def test_rows_that_the_model_refuses_are_told(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    columns["category"][77] = 10
    with pytest.raises(MariError, match="onnxruntime cannot run on cpu"):
        write(tmp_path, columns)


def test_a_catalogue_that_changed_meanwhile_is_not_published(
    offloaded: Path, tmp_path: Path
) -> None:
    def touch(share: float, what: str) -> None:
        (tmp_path / "c.parquet").touch()

    found = refusal(tmp_path, catalogue_columns(ROWS), progress=touch)
    assert found == f"{tmp_path / 'c.parquet'}: was changed while it was read; run this again"
    assert not (tmp_path / "s" / "CURRENT").exists()


def test_a_reader_keeps_its_version_until_it_lets_go(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    write(tmp_path, columns)
    reader = ItemStore.open(tmp_path / "s")
    assert reader.is_current()
    second = write(tmp_path, catalogue_columns(ROWS, seed=1))
    assert not reader.is_current()
    assert reader.folder.exists()
    assert reader.missing(columns["item_id"]).tolist() == []
    reader.close()
    third = write(tmp_path, columns, since=tmp_path / "s")
    left = sorted(path.name for path in (tmp_path / "s").iterdir())
    assert left == ["CURRENT", third.folder.name]
    assert second.folder.name not in left


def test_a_store_that_somebody_writes_is_left_to_him(offloaded: Path, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with claimed(tmp_path / "s"):
        assert refusal(tmp_path, catalogue_columns(ROWS)) == (
            f"{tmp_path / 's'}: another process writes to this store; wait until it has ended"
        )
    write(tmp_path)


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
        writing.write_items(offloaded, tmp_path, tmp_path / "t", key="item_id")


def test_an_item_part_that_gives_something_else_is_refused(tmp_path: Path, offloaded: Path) -> None:
    part = load_offloaded(offloaded).item
    wider = replace(part.outputs[0], shape=("N", WIDTH + 1))
    model = ItemModel(replace(part, outputs=(wider,)), threads=1)
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
    output = PartOutput("h", dtype, ("N", *extents), "candidate")
    with pytest.raises(StoreError, match=r"output 'h' of the item part is .*; compute it online"):
        output_specs([output])
