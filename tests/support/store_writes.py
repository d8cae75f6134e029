"""Stores beside what they are written from: `offloaded`, `c.parquet` and `s` in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items import ItemStore, WrittenItems, write_items
from support.item_stores import expected, write_catalogue


def write_store(
    folder: Path, columns: Mapping[str, Any] | None = None, **options: Any
) -> WrittenItems:
    """Write the store, of these columns or of the catalogue that is there."""
    if columns is not None:
        write_catalogue(folder / "c.parquet", columns, row_group=120)
    return write_items(
        folder / "offloaded", folder / "c.parquet", folder / "s", key="item_id", **options
    )


def refusal(folder: Path, columns: Mapping[str, Any] | None = None, **options: Any) -> str:
    """Return the one line that refuses to write the store."""
    with pytest.raises(StoreError) as caught:
        write_store(folder, columns, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check_store(folder: Path, columns: Mapping[str, Any]) -> None:
    """Assert that the store holds these items and nothing else."""
    with ItemStore.open(folder / "s") as store:
        store.check()
        assert len(store) == len(columns["item_id"])
        found = store.lookup(columns["item_id"])
    for name, array in expected(columns, folder / "offloaded").items():
        assert found[name].tolist() == array.tolist()
