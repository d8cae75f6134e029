from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items import catalogue as catalogue_module
from mari_engine.serving.items.catalogue import Catalogue, RowReader, open_catalogue


def write(path: Path, rows: int = 100, *, first: int = 0, row_group: int = 30) -> Path:
    ids = np.arange(first, first + rows)
    pq.write_table(pa.table({"k": ids, "x": ids * 2}), path, row_group_size=row_group)
    return path


def opened(path: Path) -> Catalogue:
    return open_catalogue(path, "k", ["x"])


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_module, "BATCH_ROWS", 8)


def test_pieces_cover_all_rows_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet"):
        write(tmp_path / name, first=1000 * (name == "b.parquet"))
    found = opened(tmp_path)
    reader = RowReader(found)
    stretches = found.stretches(20)
    assert {each.rows for each in stretches} == {16, 14, 10}
    keys, places = [], []
    for stretch in stretches:
        for first_row, batch in reader.read(stretch):
            keys += batch.column("k").to_pylist()
            places += [1000 * stretch.file + first_row + at for at in range(len(batch))]
    assert keys == [*range(100), *range(1000, 1100)] == places
    assert found.rows == 200


def test_pieces_are_the_same_whatever_was_read_before(tmp_path: Path) -> None:
    found = opened(write(tmp_path / "c.parquet", 100, row_group=70))
    stretches = found.stretches(16)
    reader = RowReader(found)
    for number in (3, 1, 1, 6, 2, 4, 0):
        stretch = stretches[number]
        keys = [key for _, batch in reader.read(stretch) for key in batch.column("k").to_pylist()]
        assert keys == list(range(stretch.first_row, stretch.first_row + stretch.rows))


def test_a_row_group_is_read_on_and_not_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    begin = RowReader._begin

    def count(self: RowReader, stretch: Any) -> None:
        begun.append(stretch.number)
        begin(self, stretch)

    monkeypatch.setattr(RowReader, "_begin", count)
    found = opened(write(tmp_path / "c.parquet", 100, row_group=70))
    reader = RowReader(found)
    for stretch in found.stretches(16)[::2]:
        assert sum(len(batch) for _, batch in reader.read(stretch)) == stretch.rows
    assert begun == [0, 6]


def test_other_files_of_a_folder_are_left_aside(tmp_path: Path) -> None:
    (tmp_path / "day=1").mkdir()
    (tmp_path / "_temporary").mkdir()
    for name in ("day=1/a.parquet", "_temporary/b.parquet", ".c.parquet", "_SUCCESS", "d.txt"):
        write(tmp_path / name)
    assert [path.name for path in opened(tmp_path).files] == ["a.parquet"]


def refusal(path: Path, key: str = "k") -> str:
    with pytest.raises(StoreError) as caught:
        open_catalogue(path, key, ["x"])
    return str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"k": [1]}, "has no column 'x'; it has k: rename or add one"),
        ({"x": [1]}, "has no column 'k'; it has x: rename or add one"),
        ({"k": [1.5], "x": [1]}, "the key 'k' is double; keys are whole numbers or text"),
        ({"k": pa.array([], pa.int64()), "x": pa.array([], pa.int64())}, "has no rows"),
    ],
)
def test_a_catalogue_that_lacks_something_is_refused(
    columns: Mapping[str, Any], message: str, tmp_path: Path
) -> None:
    pq.write_table(pa.table(dict(columns)), tmp_path / "c.parquet")
    assert refusal(tmp_path / "c.parquet").startswith(f"{tmp_path}/c.parquet: {message}")


def test_files_of_unlike_keys_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    pq.write_table(pa.table({"k": ["1"], "x": [1]}), tmp_path / "b.parquet")
    assert "'k' is whole numbers in one file and text in another" in refusal(tmp_path)


def test_files_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    assert refusal(path).startswith(f"{path}: there is no such file")
    path.write_text("k,x\n1,2\n")
    assert refusal(path).startswith(f"{path}: cannot be read as Parquet (")
    data = write(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "it is cut short or damaged, so copy it again" in refusal(path)
    path.unlink()
    assert refusal(tmp_path).startswith(f"{tmp_path}: holds no file whose name ends in .parquet")


def test_a_damaged_page_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet")
    data = bytearray(path.read_bytes())
    data[4:60] = os.urandom(56)
    path.write_bytes(data)
    found = opened(path)
    with pytest.raises(StoreError, match=rf"{path}: cannot be read as Parquet \("):
        list(RowReader(found).read(found.stretches(8)[0]))


def test_a_catalogue_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    found = opened(write(tmp_path / "c.parquet"))
    found.check_unchanged()
    write(tmp_path / "c.parquet")
    with pytest.raises(StoreError, match=r"c\.parquet: was changed while it was read; run this ag"):
        found.check_unchanged()
    (tmp_path / "c.parquet").unlink()
    with pytest.raises(StoreError, match="was changed while it was read"):
        found.check_unchanged()
