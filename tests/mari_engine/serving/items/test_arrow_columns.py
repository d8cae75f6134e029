from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mari_engine.errors import StoreError
from mari_engine.serving.items.arrow_columns import (
    ArrowColumns,
    ColumnSpec,
    laid_out,
    to_file_bytes,
)

ROWS = 1000


def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "key": np.sort(rng.permutation(5000)[:ROWS]).astype("S7"),
        "vector": rng.standard_normal((ROWS, 3, 5)).astype(np.float16),
        "flag": rng.integers(0, 2, ROWS).astype(bool),
        "count": rng.integers(-9, 9, (ROWS, 1)),
    }


def specs_of(arrays: dict[str, np.ndarray]) -> list[ColumnSpec]:
    return [ColumnSpec(name, array.dtype, array.shape[1:]) for name, array in arrays.items()]


def test_columns_that_are_filled_in_stretches_are_those_of_a_file_written_at_once(
    tmp_path: Path,
) -> None:
    arrays = columns()
    specs = specs_of(arrays)
    with laid_out(tmp_path / "filled", ROWS, specs, {"who": "é"}) as filler:
        for start in range(0, ROWS, 300):
            filler.append({name: array[start : start + 300] for name, array in arrays.items()})
    (tmp_path / "whole").write_bytes(to_file_bytes(specs, arrays, {"who": "é"}))
    assert (tmp_path / "filled").read_bytes() == (tmp_path / "whole").read_bytes()


def test_columns_are_mapped_and_read_as_they_were_written(tmp_path: Path) -> None:
    arrays = columns()
    (tmp_path / "f").write_bytes(to_file_bytes(specs_of(arrays), arrays, {"who": "é"}))
    found = ArrowColumns(tmp_path / "f")
    assert (found.rows, found.metadata) == (ROWS, {"who": "é"})
    for name, array in arrays.items():
        assert found.map(name).view(array.dtype).tolist() == array.tolist()
        read = found.read(name, 17, 90)
        assert read.shape == array[17:90].shape
        assert read.view(array.dtype).tolist() == array[17:90].tolist()


def test_other_programs_read_the_file_as_arrow(tmp_path: Path) -> None:
    arrays = columns()
    with laid_out(tmp_path / "f", ROWS, specs_of(arrays), {}) as filler:
        filler.append(arrays)
    with pa.memory_map(str(tmp_path / "f")) as file:
        table = pa.ipc.open_file(file).read_all()
    table.validate(full=True)
    assert table.column("vector").to_pylist()[5] == arrays["vector"][5].tolist()
    assert table.column("key").to_pylist()[5] == arrays["key"][5].ljust(7, b"\0")


def test_a_header_longer_than_its_columns_is_no_hole(tmp_path: Path) -> None:
    """Names of 200 columns take more bytes than three rows of them."""
    arrays = {f"{at:03}" * 20: np.full(3, at, np.int64) for at in range(200)}
    with laid_out(tmp_path / "f", 3, specs_of(arrays), {}) as filler:
        filler.append(arrays)
    found = ArrowColumns(tmp_path / "f")
    assert all(found.map(name).tolist() == array.tolist() for name, array in arrays.items())


def test_laying_out_takes_no_place_on_the_disk(tmp_path: Path) -> None:
    specs = [ColumnSpec("vector", np.dtype(np.float32), (256,))]
    with laid_out(tmp_path / "f", 1_000_000, specs, {}):
        state = (tmp_path / "f").stat()
    assert state.st_size > 1_000_000_000
    assert state.st_blocks * 512 < 1_000_000


@pytest.mark.parametrize("keep", [0, 100, 9000])
def test_a_file_that_is_cut_short_is_refused(keep: int, tmp_path: Path) -> None:
    arrays = columns()
    path = tmp_path / "f"
    path.write_bytes(bytes(to_file_bytes(specs_of(arrays), arrays, {}))[:keep])
    with pytest.raises(StoreError, match=rf"^{path}: cannot be read \(.*\); write the store again"):
        ArrowColumns(path)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array(["a", "bc"]), "'x' is string, with nulls or of no one size"),
        (pa.array([1, None]), "'x' is int64, with nulls or of no one size"),
    ],
)
def test_columns_of_no_one_size_are_refused(column: pa.Array, message: str, tmp_path: Path) -> None:
    batch = pa.record_batch([column], names=["x"])
    with pa.ipc.new_file(str(tmp_path / "f"), batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(StoreError, match=message):
        ArrowColumns(tmp_path / "f")


def test_a_file_of_two_batches_is_refused(tmp_path: Path) -> None:
    batch = pa.record_batch([pa.array([1])], names=["x"])
    with pa.ipc.new_file(str(tmp_path / "f"), batch.schema) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    with pytest.raises(StoreError, match="2 record batches, and not one"):
        ArrowColumns(tmp_path / "f")
