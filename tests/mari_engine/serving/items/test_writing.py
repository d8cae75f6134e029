"""The catalogue through the item part: what is stored, kept, gone on with, and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from mari_engine.errors import Cancelled
from mari_engine.runtime import Session
from mari_engine.serving.items import ItemStore, write_items
from mari_engine.serving.items.item_model import ItemModel
from mari_engine.types import Feeds
from support.item_stores import (
    HASH,
    VECTOR,
    catalogue_columns,
    expected,
    shuffled,
    write_catalogue,
    write_offloaded,
)
from support.store_writes import check_store, refusal, write_store

ROWS = 300


@pytest.mark.parametrize("text_keys", [False, True])
def test_every_item_is_stored_by_its_key(text_keys: bool, offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS, text_keys=text_keys)
    written = write_store(tmp_path, columns)
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
    first = write_store(tmp_path, columns).folder
    before = (first / "items.arrow").read_bytes(), pq.read_table(first / "items.parquet")
    second = write_store(tmp_path, shuffled(columns, orders[order].tolist())).folder
    assert (second / "items.arrow").read_bytes() == before[0]
    assert pq.read_table(second / "items.parquet").equals(before[1])


def test_the_parquet_holds_the_same_rows_in_the_order_of_the_keys(
    offloaded: Path, tmp_path: Path
) -> None:
    columns = catalogue_columns(ROWS, text_keys=True)
    file = pq.ParquetFile(write_store(tmp_path, columns).folder / "items.parquet")
    table = file.read()
    keys = table.column("item_id").to_pylist()
    assert keys == sorted(columns["item_id"])
    with ItemStore.open(tmp_path / "s") as store:
        assert table.column(VECTOR).to_pylist() == store.lookup(keys)[VECTOR].tolist()
    assert file.schema_arrow.metadata[b"mari.item_hash"] == HASH.encode()
    assert file.metadata.row_group(0).column(1).compression == "ZSTD"


def test_the_key_may_be_an_input_too(offloaded: Path, tmp_path: Path) -> None:
    columns = shuffled(catalogue_columns(ROWS), range(10)) | {"category": np.arange(10)[::-1]}
    write_catalogue(tmp_path / "c.parquet", columns)
    write_items(offloaded, tmp_path / "c.parquet", tmp_path / "s", key="category")
    with ItemStore.open(tmp_path / "s") as store:
        found = store.lookup(columns["category"])
    assert found[VECTOR].tolist() == expected(columns, offloaded)[VECTOR].tolist()


def test_the_model_runs_on_at_most_so_many_items(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    run = Session.run

    def count(self: Session, feeds: Feeds) -> Feeds:
        ran.append(len(feeds["price"]))
        return run(self, feeds)

    monkeypatch.setattr(Session, "run", count)
    columns = catalogue_columns(ROWS)
    write_store(tmp_path, columns, batch=7)
    assert max(ran) == 7
    assert sum(ran) == ROWS
    check_store(tmp_path, columns)


def test_unchanged_items_keep_their_vectors(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = catalogue_columns(ROWS)
    write_store(tmp_path, columns)
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
    written = write_store(tmp_path, shuffled(changed, range(ROWS - 1)), since=tmp_path / "s")
    assert (written.rows, written.computed, sum(ran)) == (ROWS - 1, 3, 3)
    check_store(tmp_path, shuffled(changed, range(ROWS - 1)))


def test_a_store_of_another_model_keeps_nothing(offloaded: Path, tmp_path: Path) -> None:
    write_store(tmp_path, catalogue_columns(ROWS))
    write_offloaded(offloaded, item_hash="ab" * 32)
    found = refusal(tmp_path, since=tmp_path / "s", force=True)
    assert "holds the vectors of another item model (3fa9c1d2, and not abababab)" in found


def test_another_models_store_is_replaced_by_force_only(offloaded: Path, tmp_path: Path) -> None:
    write_store(tmp_path, catalogue_columns(ROWS))
    write_offloaded(offloaded, item_hash="ab" * 32)
    assert refusal(tmp_path) == (
        f"{tmp_path / 's'}: holds the vectors of another item model, whose services would fail; "
        "name another folder, or replace them with --force"
    )
    write_store(tmp_path, force=True)
    with ItemStore.open(tmp_path / "s") as store:
        assert store.item_hash == "ab" * 32


def test_keys_of_another_kind_keep_nothing(offloaded: Path, tmp_path: Path) -> None:
    write_store(tmp_path, catalogue_columns(ROWS))
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
        write_store(tmp_path, columns, progress=stop_after(150))
    assert not (tmp_path / "s" / "CURRENT").exists()
    written = write_store(tmp_path)
    assert written.resumed == 152
    check_store(tmp_path, columns)
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [
        "CURRENT", written.folder.name,
    ]  # fmt: skip


def test_a_piece_that_was_damaged_is_computed_anew(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    with pytest.raises(Cancelled):
        write_store(tmp_path, columns, progress=stop_after(150))
    damaged = sorted((tmp_path / "s").rglob("piece-*"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert write_store(tmp_path).resumed == 120
    check_store(tmp_path, columns)


@pytest.mark.parametrize("change", ["catalogue", "model"])
def test_what_was_made_of_something_else_is_not_gone_on_with(
    change: str, offloaded: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        write_store(tmp_path, catalogue_columns(ROWS), progress=stop_after(150))
    if change == "model":
        write_offloaded(offloaded, item_hash="ab" * 32)
    columns = catalogue_columns(ROWS, seed=int(change == "catalogue"))
    assert write_store(tmp_path, columns).resumed == 0
    check_store(tmp_path, columns)


def test_a_reader_keeps_its_version_until_it_lets_go(offloaded: Path, tmp_path: Path) -> None:
    columns = catalogue_columns(ROWS)
    write_store(tmp_path, columns)
    reader = ItemStore.open(tmp_path / "s")
    assert reader.is_current()
    second = write_store(tmp_path, catalogue_columns(ROWS, seed=1))
    assert not reader.is_current()
    assert reader.folder.exists()
    assert reader.missing(columns["item_id"]).tolist() == []
    reader.close()
    third = write_store(tmp_path, columns, since=tmp_path / "s")
    left = sorted(path.name for path in (tmp_path / "s").iterdir())
    assert left == ["CURRENT", third.folder.name]
    assert second.folder.name not in left
