import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from mari_engine.artifact import folder as artifact_module
from mari_engine.artifact import load_artifact, save_artifact
from mari_engine.errors import ModelError, VerificationError
from mari_engine.loading import load
from mari_engine.pipeline import OptimizeResult, optimize
from mari_engine.types import InputLabel, Labels, Role
from support.builders import build_proto, ranking_tower

NAMES = {
    "model.onnx", "manifest.json", "labels.json", "structure.json", "certificate.json",
    "report.html",
}  # fmt: skip
LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> OptimizeResult:
    path = tmp_path_factory.mktemp("source") / "ranker.onnx"
    path.write_bytes(ranking_tower(user=64, item=8, hidden=16))
    return optimize(load(path), LABELS, signature="compact")


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_the_folder_holds_what_the_contract_lists(result: OptimizeResult, tmp_path: Path) -> None:
    folder = save_artifact(result, tmp_path / "deep" / "out")
    assert {path.name for path in folder.iterdir()} == NAMES
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert read(folder, "labels.json") == LABELS.to_json()
    assert read(folder, "certificate.json")["passed"] is True
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_manifest_tells_how_to_call_the_model(result: OptimizeResult, tmp_path: Path) -> None:
    folder = save_artifact(result, tmp_path)
    manifest = read(folder, "manifest.json")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert manifest["optimized"] == {"file": "model.onnx", "sha256": digest, "data": []}
    assert manifest["source"]["sha256"] == result.original.sha256
    assert (manifest["version"], manifest["signature"]) == (1, "compact")
    inputs = {item["name"]: item for item in manifest["inputs"]}
    assert inputs["user"]["rows"] == "request"
    assert inputs["user"]["source"] == {"input": "user", "columns": None}
    assert manifest["outputs"] == [{"name": "score", "rows": "candidate"}]
    assert {item["action"] for item in manifest["decisions"]} <= {"split", "once", "fused", "kept"}
    assert set(manifest["flops"]["before"]) == {"per_request", "per_candidate", "per_pair"}
    assert all(item["side"] for item in manifest["layout"]["after"])


def test_what_was_saved_is_read_again(result: OptimizeResult, tmp_path: Path) -> None:
    found = load_artifact(save_artifact(result, tmp_path))
    assert found.interface == result.interface
    assert (found.signature, found.labels) == (result.signature, LABELS)
    assert found.certificate["passed"] is True
    assert found.model.opset == result.original.opset
    assert found.model.ir.ir_version == result.original.ir.ir_version


def test_a_failed_check_is_not_saved(result: OptimizeResult, tmp_path: Path) -> None:
    check = dataclasses.replace(
        result.certificate.checks[0], passed=False, reason="score differs by 0.3"
    )
    failed = dataclasses.replace(result.certificate, passed=False, checks=(check,))
    with pytest.raises(VerificationError, match="not saved, the check failed: score differs by"):
        save_artifact(dataclasses.replace(result, certificate=failed), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_earlier_artifact_is_replaced_and_other_files_stay(
    result: OptimizeResult, tmp_path: Path
) -> None:
    save_artifact(result, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "model.onnx.data").write_text("of an earlier, larger model")
    save_artifact(result, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == NAMES | {"notes.txt"}
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_failure_on_the_way_leaves_the_earlier_artifact(
    result: OptimizeResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_artifact(result, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact_module, "render_findings", fail)
    with pytest.raises(ModelError, match=r"cannot be written \(No space left on device\)"):
        save_artifact(result, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_original_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(ranking_tower())
    made = optimize(load(tmp_path / "model.onnx"), LABELS)
    with pytest.raises(ModelError, match="there is the original; choose another folder"):
        made.save(tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == ranking_tower()


def test_a_file_is_no_folder(result: OptimizeResult, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ModelError, match="this is a file; give a folder"):
        save_artifact(result, tmp_path / "out")


BROKEN = [
    ("{", "line 1 is not JSON"),
    ("[]", "must be an object"),
    ('{"version": 2}', "'version' is not 1"),
    ('{"version": 1}', "field 'inputs' is missing"),
    ('{"version": 1, "inputs": [3]}', "run 'mari optimize' again"),
    ('{"version": 1, "inputs": [], "outputs": [{"name": "y", "rows": "no"}]}', "'rows' is 'no'"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_a_broken_manifest_is_refused(
    result: OptimizeResult, tmp_path: Path, text: str, message: str
) -> None:
    save_artifact(result, tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ModelError) as refused:
        load_artifact(tmp_path)
    assert message in str(refused.value)
    assert str(tmp_path / "manifest.json") in str(refused.value)


def test_a_folder_without_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read; give the folder of an artifact"):
        load_artifact(tmp_path)


def two_tables(folder: Path, rows: int) -> Path:
    """Write a model with a user and an item table in one sparse file; return its path."""
    proto = build_proto(
        """
        u = Gather (user_table, user_id)
        i = Gather (item_table, item_id)
        joined = Concat <axis = 1> (u, i)
        h = Gemm (joined, W)
        y = Relu (h)
        """,
        inputs="int64[N] user_id, int64[N] item_id",
        outputs="float[N, 8] y",
        weights={"W": np.random.default_rng(0).standard_normal((128, 8)).astype(np.float32)},
    )
    size = rows * 64 * 4
    for at, name in enumerate(("user_table", "item_table")):
        table = proto.graph.initializer.add(name=name, data_type=onnx.TensorProto.FLOAT)
        table.dims.extend([rows, 64])
        table.data_location = onnx.TensorProto.EXTERNAL
        for key, value in {"location": "tables.data", "offset": at * size, "length": size}.items():
            table.external_data.add(key=key, value=str(value))
    with (folder / "tables.data").open("wb") as file:
        for row in (0, rows - 1, rows, 2 * rows - 1):
            file.seek(row * 64 * 4)
            file.write(np.full(64, row + 1, np.float32).tobytes())
    (folder / "large.onnx").write_bytes(proto.SerializeToString())
    return folder / "large.onnx"


def test_tables_in_files_go_to_a_file_unaltered(tmp_path: Path) -> None:
    path = two_tables(tmp_path, rows=5000)
    original = load(path)
    labels = Labels({"user_id": InputLabel(role=Role.USER), "item_id": InputLabel(role=Role.ITEM)})
    folder = tmp_path / "out"
    optimize(original, labels).save(folder)
    assert {path.name for path in folder.iterdir()} == NAMES | {"model.onnx.data"}
    assert (folder / "model.onnx").stat().st_size < 100_000
    feeds = {"user_id": np.array([4999, 4999]), "item_id": np.array([0, 4999])}
    (wanted,) = ort.InferenceSession(str(path)).run(None, feeds)
    (found,) = ort.InferenceSession(str(folder / "model.onnx")).run(None, feeds)
    assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max()
    manifest = read(folder, "manifest.json")
    for key, place in (
        ("source", tmp_path / "tables.data"),
        ("optimized", folder / "model.onnx.data"),
    ):
        digest = hashlib.sha256(place.read_bytes()).hexdigest()
        assert manifest[key]["data"] == [{"file": place.name, "sha256": digest}]
    tables = load_artifact(folder).model.ir.graph.initializers
    for name in ("user_table", "item_table"):
        kept, given = tables[name].const_value, original.ir.graph.initializers[name].const_value
        assert kept is not None
        assert given is not None
        assert np.array_equal(kept.numpy(), given.numpy())


MEASURED = r"""
import re, sys
from pathlib import Path
import numpy as np
import onnxruntime as ort
from mari_engine.labeling import propose_labels
from mari_engine.loading import load
from mari_engine.runtime import serialize_for_runtime
from mari_engine.artifact.model_writer import write_model

model = load(sys.argv[1])
assert propose_labels(model).inputs["item_id"].range == (0, 8 << 20)
data, entries = serialize_for_runtime(model)
options = ort.SessionOptions()
for key, value in entries.items():
    options.add_session_config_entry(key, value)
session = ort.InferenceSession(data, options)
last = (8 << 20) - 1
session.run(None, {"user_id": np.array([last]), "item_id": np.array([last])})
write_model(model, Path(sys.argv[2]))
# getrusage would count what the parent took before this program began
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs sparse files and /proc's accounting")
def test_four_gigabytes_of_tables_pass_without_memory_or_disk(tmp_path: Path) -> None:
    path = two_tables(tmp_path, rows=8 << 20)
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert int(done.stdout) * 1024 < 500_000_000
    status = (tmp_path / "out" / "model.onnx.data").stat()
    assert status.st_size == 4 << 30
    assert status.st_blocks * 512 < 1 << 20
    tables = load(tmp_path / "out" / "model.onnx").ir.graph.initializers
    kept = tables["item_table"].const_value
    assert kept is not None
    assert kept.numpy()[[0, -1], 0].tolist() == [(8 << 20) + 1, 16 << 20]
