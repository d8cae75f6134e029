import hashlib
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.errors import ModelError
from mari_engine.graph import extents, fingerprint
from mari_engine.loading import load
from mari_engine.runtime import open_session, serialize_for_runtime
from support.builders import build_proto

ROWS, WIDTH = 300, 8


def lookup_model(folder: Path, **entries: object) -> Path:
    """Write a model that looks ids up in a table kept in `table.data`."""
    proto = build_proto(
        "y = Gather (table, id)", inputs="int64[N] id", outputs=f"float[N, {WIDTH}] y"
    )
    table = proto.graph.initializer.add(name="table", data_type=onnx.TensorProto.FLOAT)
    table.dims.extend([ROWS, WIDTH])
    table.data_location = onnx.TensorProto.EXTERNAL
    given = {"location": "table.data", "offset": 0, "length": 4 * ROWS * WIDTH} | entries
    for key, value in given.items():
        table.external_data.add(key=key, value=str(value))
    path = folder / "lookup.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def numbers() -> np.ndarray:
    return np.arange(ROWS * WIDTH, dtype=np.float32).reshape(ROWS, WIDTH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    numbers().tofile(tmp_path / "table.data")
    return tmp_path


def test_a_table_stays_in_its_file_and_the_runtime_finds_it(folder: Path) -> None:
    model = load(lookup_model(folder))
    assert model.data_files == (folder / "table.data",)
    assert len(serialize_for_runtime(model)[0]) < ROWS * WIDTH
    (found,) = open_session(model).run({"id": np.array([0, 299])}).values()
    assert np.array_equal(found, numbers()[[0, 299]])


def test_a_relative_path_is_found_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup_model(folder)
    monkeypatch.chdir(folder)
    model = load("lookup.onnx")
    monkeypatch.chdir("/")
    (found,) = open_session(model).run({"id": np.array([1])}).values()
    assert found.shape == (1, WIDTH)


def test_small_external_tensors_are_read(folder: Path) -> None:
    proto = build_proto("y = Reshape (x, shape)", inputs="float[N, 4] x", outputs="float[A, B] y")
    shape = proto.graph.initializer.add(name="shape", data_type=onnx.TensorProto.INT64, dims=[2])
    shape.data_location = onnx.TensorProto.EXTERNAL
    shape.external_data.add(key="location", value="shape.data")
    np.array([-1, 2], np.int64).tofile(folder / "shape.data")
    (folder / "m.onnx").write_bytes(proto.SerializeToString())
    model = load(folder / "m.onnx")
    assert model.data_files == ()
    shape_found = next(iter(model.ir.graph)).outputs[0].shape
    assert shape_found is not None
    assert shape_found[1] == 2


LOCATIONS = ["../table.data", "/etc/passwd", "sub/../../table.data", "", "table\0.data"]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_location_outside_the_folder_is_refused(folder: Path, location: str) -> None:
    with pytest.raises(ModelError, match="must be a plain path inside the model's folder"):
        load(lookup_model(folder, location=location))


def test_a_link_to_outside_the_folder_is_refused(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "table.data").symlink_to(folder / "table.data")
    with pytest.raises(ModelError, match="links to outside the model's folder"):
        load(lookup_model(inner))


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.data").symlink_to(folder / "table.data")
    assert load(lookup_model(folder, location="link.data")).ir.graph.initializers["table"]


def test_a_file_with_several_names_is_refused(folder: Path) -> None:
    os.link(folder / "table.data", folder / "other.data")
    with pytest.raises(ModelError, match="several hard links"):
        load(lookup_model(folder))


WRONG = [
    ({"location": "none.data"}, "'none.data' is missing; put it beside the model"),
    ({"location": "a" * 5000}, f"file '{'a' * 150}…{'a' * 150}' cannot be found (File name too"),
    ({"offset": 4096}, "has 9600 bytes, 13696 are needed; it is cut short"),
    ({"length": 12}, "says 12 bytes at 0, its shape needs 9600"),
    ({"offset": -8}, "says 9600 bytes at -8"),
    ({"offset": "many"}, "its external data entry is malformed"),
]


@pytest.mark.parametrize(("entries", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_entries_that_do_not_fit_the_file_are_refused(
    folder: Path, entries: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError) as refused:
        load(lookup_model(folder, **entries))
    assert message in str(refused.value)
    assert "tensor 'table'" in str(refused.value)


def test_bytes_with_external_data_need_a_path(folder: Path) -> None:
    with pytest.raises(ModelError, match="give the model by its path, not as bytes"):
        load(lookup_model(folder).read_bytes())


def test_the_fingerprint_of_a_sparse_file_is_its_sha256(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(5 << 20)
        file.write(numbers().tobytes())
        file.truncate(9 << 20)
    whole = (tmp_path / "sparse").read_bytes()
    assert fingerprint(tmp_path / "sparse") == hashlib.sha256(whole).hexdigest()


def test_the_identity_changes_with_the_data(folder: Path) -> None:
    path = lookup_model(folder)
    before = load(path)
    before_identity = before.identity
    with (folder / "table.data").open("ab") as file:
        file.write(b"more")
    assert before.sha256 == load(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert before_identity != load(path).identity


def test_extents_cover_a_sparse_file_without_gap(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb+") as file:
        file.seek(4 << 20)
        file.write(b"x" * 5000)
        file.truncate(12 << 20)
        file.flush()
        runs = list(extents(file.fileno(), 100, 12 << 20))
    assert runs[0][0] == 100
    assert runs[-1][1] == 12 << 20
    assert all(before[1] == after[0] for before, after in pairwise(runs))
    data = [(start, stop) for start, stop, is_hole in runs if not is_hole]
    assert any(start <= 4 << 20 and stop >= (4 << 20) + 5000 for start, stop in data)
