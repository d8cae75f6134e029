"""What is held in memory at once, and what readers see while versions are published."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items import ItemStore
from mari_engine.serving.items.arrow_columns import ColumnFiller
from mari_engine.types import Feeds
from support.item_stores import PRICE, catalogue_columns, shuffled
from support.store_writes import check_store, write_store

PUBLISHED = 7


@pytest.mark.parametrize("order", ["rising", "random"])
def test_rows_that_are_merged_at_once_do_not_grow_with_the_catalogue(
    order: str, offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk is 32 rows, and at most the 4 between two samples more of each piece."""
    lengths: list[int] = []
    append = ColumnFiller.append

    def count(self: ColumnFiller, arrays: Feeds) -> None:
        lengths.append(len(arrays[PRICE]))
        append(self, arrays)

    monkeypatch.setattr(ColumnFiller, "append", count)
    for rows in (300, 1200):
        lengths.clear()
        columns = catalogue_columns(rows)
        if order == "rising":
            columns = shuffled(columns, np.argsort(columns["item_id"]).tolist())
        write_store(tmp_path, columns)
        pieces = -(-rows // 120) * 4
        assert sum(lengths) == rows
        assert max(lengths) <= 32 + 4 * (pieces if order == "random" else 2)
        check_store(tmp_path, columns)


def test_readers_see_whole_versions_while_others_are_published(
    offloaded: Path, tmp_path: Path
) -> None:
    """Each version has other prices; a lookup gives those of one version, and never fails."""
    columns = catalogue_columns()
    write_store(tmp_path, columns)
    prices = np.asarray(columns["price"])
    done = threading.Event()
    seen: set[float] = set()
    wrong: list[str] = []

    def read() -> None:
        while not done.wait(0.002):
            try:
                with ItemStore.open(tmp_path / "s") as store:
                    found = store.lookup(columns["item_id"])[PRICE][:, 0] / (2 * prices)
            except StoreError as error:
                wrong.append(str(error))
                return
            seen.update(np.unique(found).tolist())
            if np.ptp(found):
                wrong.append(f"mixed: {np.unique(found)}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for factor in range(2, PUBLISHED):
            write_store(tmp_path, columns | {"price": prices * np.float32(2**factor)})
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert seen
    assert seen <= {1.0, *(2.0**factor for factor in range(2, PUBLISHED))}
    write_store(tmp_path, columns)
    assert len(list((tmp_path / "s").iterdir())) == 2, "what readers held is removed by the next"
