"""Tables of gigabytes are verified without being read, and other hard models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.errors import ExecutionError
from mari_engine.loading import load
from mari_engine.types import InputLabel, Labels, Role
from mari_engine.verification import verify
from support.arrays import f32
from support.builders import build_proto

ITEM = Labels({"id": InputLabel(role=Role.ITEM), "x": InputLabel(role=Role.ITEM)})

PROGRAM = """
import json, sys
from pathlib import Path
from mari_engine import InputLabel, Labels, Role
from mari_engine.loading import load
from mari_engine.verification import verify

def memory(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

before = memory("VmRSS")
labels = Labels({"id": InputLabel(role=Role.ITEM)})
found = verify(load(sys.argv[1]), load(sys.argv[1]), labels, batches=(1, 2, 17))
print(json.dumps([found.passed, found.reason, memory("VmHWM") - before]))
"""


def sparse_model(folder: Path, *, rows: int, width: int) -> Path:
    """Write a model with one lookup in a table that is a hole of a file."""
    size = rows * width * 4
    with (folder / "table.data").open("wb") as file:
        file.truncate(size)
    proto = build_proto(
        "e = Gather (T, id) y = Add (e, one)",
        inputs="int64[N] id",
        outputs=f"float[N, {width}] y",
        weights={"one": f32([1])},
    )
    table = proto.graph.initializer.add()
    table.name, table.data_type = "T", onnx.TensorProto.FLOAT
    table.dims.extend([rows, width])
    table.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "table.data"), ("offset", "0"), ("length", str(size))):
        table.external_data.add(key=key, value=value)
    path = folder / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_four_gigabytes_of_table_cost_no_memory(tmp_path: Path) -> None:
    path = sparse_model(tmp_path, rows=1 << 24, width=64)
    assert path.with_name("table.data").stat().st_size == 4 << 30
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    passed, reason, added = json.loads(done.stdout)
    assert (passed, reason) == (True, "")
    assert added < 300 << 20


def test_bfloat16_is_checked_in_float64_at_least() -> None:
    """onnxruntime's CPU has no bfloat16 kernels, so that rounding cannot be checked here."""
    proto = build_proto(
        "h = MatMul (x, W) y = Relu (h)", inputs="bfloat16[N, 2] x", outputs="bfloat16[N, 3] y"
    )
    proto.graph.initializer.append(
        onnx.helper.make_tensor("W", onnx.TensorProto.BFLOAT16, [2, 3], np.arange(6.0))
    )
    model = load(proto.SerializeToString())
    found = verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)}))
    assert found.passed
    assert any(note.startswith("rounding could not be checked: ") for note in found.notes)
    assert all(error.optimized is None for check in found.checks for error in check.outputs)


def test_contrib_operators_run_in_their_own_type() -> None:
    proto = build_proto(
        'h = MatMul (x, W) y = com.microsoft.CDist <metric = "euclidean"> (h, V)',
        inputs="float[N, 2] x",
        outputs="float[N, 4] y",
        weights={"W": np.ones((2, 3), np.float32), "V": np.eye(4, 3, dtype=np.float32)},
    )
    proto.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    model = load(proto.SerializeToString())
    found = verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)}))
    assert found.passed
    assert found.exact_method.endswith("as their definition has no float64: CDist")


def test_peepholes_leave_rounding_as_the_only_check() -> None:
    ways, hidden = 1, 2
    rng = np.random.default_rng(0)
    proto = build_proto(
        'y = LSTM <hidden_size = 2> (x, W, R, "", "", "", "", P)'.replace('""', ""),
        inputs="float[T, N, 3] x",
        outputs="float[T, 1, N, 2] y",
        weights={
            "W": rng.standard_normal((ways, 4 * hidden, 3)).astype(np.float32),
            "R": rng.standard_normal((ways, 4 * hidden, hidden)).astype(np.float32),
            "P": rng.standard_normal((ways, 3 * hidden)).astype(np.float32),
        },
    )
    model = load(proto.SerializeToString())
    found = verify(model, model, Labels({"x": InputLabel(role=Role.ITEM, axis=1)}), batches=(2,))
    assert found.passed
    assert "peepholes are not evaluated in float64" in found.exact_method
    assert found.exact_method.startswith("exactness could not be shown: node ")
    assert "only rounding was checked" in found.notes[0]


def test_what_runs_nowhere_cannot_be_verified() -> None:
    proto = build_proto("y = my.Thing (x)", inputs="float[N, 2] x", outputs="float[N, 2] y")
    proto.opset_import.append(onnx.helper.make_opsetid("my", 1))
    model = load(proto.SerializeToString())
    with pytest.raises(ExecutionError, match="Thing"):
        verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)}))
