"""A Triton repository says what its model takes: parsed by Triton's own protobuf, and run."""

from __future__ import annotations

import errno
import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from mari_engine.artifact import Artifact, load_artifact
from mari_engine.errors import ModelError
from mari_engine.feeds import bind_batch
from mari_engine.loading import load
from mari_engine.pipeline import optimize
from mari_engine.serving.triton import write_repository
from mari_engine.serving.triton.model_config import write_config
from mari_engine.types import InterfaceTensor
from support.builders import build
from support.kill_points import killed_at
from support.request_batches import draw_requests
from support.rewrite_checks import roles, run, session

LABELS = roles(u="user", k="user", i="item", j="item")
SIGNATURES = ("drop-in", "compact", "batched")


def model_config(text: str) -> Any:
    """Return the configuration as Triton's protobuf reads it; its client needs no gRPC for that."""
    pytest.importorskip("tritonclient")
    text_format = pytest.importorskip("google.protobuf.text_format")
    files = importlib.metadata.files("tritonclient") or []
    read = "tritonclient/grpc/model_config_pb2.py"
    path = next(file.locate() for file in files if file.match(read))
    spec = importlib.util.spec_from_file_location("model_config_pb2", str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return text_format.Parse(text, module.ModelConfig())


def made(folder: Path, signature: str, index: str = "lengths") -> Artifact:
    rng = np.random.default_rng(0)
    data = build(
        """
        e = Gather (T, k) f = Gather (I, j) c = Concat <axis = 1> (u, e, i, f)
        h = MatMul (c, W) y = Relu (h) z = ReduceMax <axes = [1], keepdims = 0> (h)
        """,
        inputs="float[N, 4] u, int64[N] k, float[N, 3] i, int64[N] j",
        outputs="float[N, 5] y, float[N] z",
        weights={
            "T": rng.standard_normal((7, 2), np.float32),
            "I": rng.standard_normal((9, 2), np.float32),
            "W": rng.standard_normal((11, 5), np.float32),
        },
    )
    (folder / "m.onnx").write_bytes(data)
    optimize(
        load(folder / "m.onnx"), LABELS, signature=signature, index=index, autotune=False
    ).save(folder / signature)  # fmt: skip
    return load_artifact(folder / signature)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_configuration_states_what_the_model_takes(tmp_path: Path, signature: str) -> None:
    target = write_repository(made(tmp_path, signature), tmp_path / "models", "ranker")
    config = model_config((target / "config.pbtxt").read_text())
    opened = ort.InferenceSession(target / "1" / "model.onnx")
    assert (config.name, config.backend) == ("ranker", "onnxruntime")
    fed = {item.name for item in config.input}
    fed |= {name for item in config.batch_input for name in item.target_name}
    assert fed == {item.name for item in opened.get_inputs()}
    assert [item.name for item in config.output] == [item.name for item in opened.get_outputs()]
    ranks = {item.name: len(item.shape) for item in opened.get_inputs()}
    for item in config.input:
        stacked = config.max_batch_size > 0 and not item.allow_ragged_batch
        own = 0 if item.HasField("reshape") else len(item.dims)
        assert item.allow_ragged_batch or own + stacked == ranks[item.name]


def test_one_request_a_call_is_not_batched(tmp_path: Path) -> None:
    target = write_repository(made(tmp_path, "compact"), tmp_path, "m")
    config = model_config((target / "config.pbtxt").read_text())
    assert config.max_batch_size == 0
    assert not config.HasField("dynamic_batching")
    assert {item.name: list(item.dims) for item in config.input} == {
        "u": [1, 4], "k": [1], "i": [-1, 3], "j": [-1],
    }  # fmt: skip


def test_requests_are_joined_without_padding(tmp_path: Path) -> None:
    target = write_repository(made(tmp_path, "batched"), tmp_path, "m", most=8)
    config = model_config((target / "config.pbtxt").read_text())
    assert config.max_batch_size == 8
    assert config.HasField("dynamic_batching")
    ragged = {item.name: item.allow_ragged_batch for item in config.input}
    assert ragged == {"u": False, "k": False, "i": True, "j": True}
    (counts,) = config.batch_input
    assert (list(counts.source_input), list(counts.target_name)) == (["j"], ["request_elements"])
    assert [list(item.target_name) for item in config.batch_output] == [["y"], ["z"]]


def test_elements_and_their_counts_give_what_rows_give(tmp_path: Path) -> None:
    artifact = made(tmp_path, "batched")
    target = write_repository(artifact, tmp_path, "m")
    model, sizes = load(tmp_path / "m.onnx"), (2, 0, 5)
    feeds = bind_batch(draw_requests(model, LABELS, sizes), artifact.interface, sizes)
    wanted = run(session((artifact.directory / "model.onnx").read_bytes()), feeds)
    flat = {name: feeds[name] for name in ("u", "k")}
    flat |= {name: feeds[name].ravel() for name in ("i", "j")}
    flat["request_elements"] = np.array(sizes, np.int32)
    got = run(session((target / "1" / "model.onnx").read_bytes()), flat)
    for name, array in wanted.items():
        assert np.array_equal(got[name], array)


def test_a_request_of_each_candidate_cannot_be_counted(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="optimize with --signature batched --index lengths"):
        write_repository(made(tmp_path, "batched", "rows"), tmp_path / "models", "m")
    assert not (tmp_path / "models" / "m").exists()


def test_a_model_that_is_there_stays_without_force(tmp_path: Path) -> None:
    artifact = made(tmp_path, "compact")
    target = write_repository(artifact, tmp_path, "m")
    (target / "2").mkdir()
    with pytest.raises(ModelError, match="is there already"):
        write_repository(artifact, tmp_path, "m")
    assert (target / "2").is_dir()
    write_repository(artifact, tmp_path, "m", force=True)
    assert not (target / "2").exists()
    with pytest.raises(ModelError, match="give another"):
        write_repository(artifact, tmp_path, "../m")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform != "linux", reason="kills, and exchanges folders, as Linux does")
def test_a_writer_killed_at_any_write_leaves_the_old_model_or_the_new(tmp_path: Path) -> None:
    artifacts = [made(tmp_path, signature) for signature in ("compact", "drop-in")]
    old, new = (contents(write_repository(each, tmp_path / "whole", each.signature))
                for each in artifacts)  # fmt: skip
    number, ended, seen = 0, False, []
    while not ended:
        number += 1
        target = write_repository(artifacts[0], tmp_path / "models", "m", force=True)
        ended = killed_at(
            number, lambda: write_repository(artifacts[1], tmp_path / "models", "m", force=True)
        )
        seen.append([named(each, "m") for each in (old, new)].index(contents(target)))
    assert number > 5
    assert set(seen) == {0, 1}
    write_repository(artifacts[0], tmp_path / "models", "m", force=True)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]


def named(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files with the model's name in its configuration."""
    text = files["config.pbtxt"].decode()
    first = text.splitlines()[0]
    return files | {"config.pbtxt": text.replace(first, f'name: "{name}"', 1).encode()}


def test_a_full_disk_is_told_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = made(tmp_path, "compact")
    was = contents(write_repository(artifact, tmp_path / "models", "m"))

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(ModelError, match=r"m: cannot be written \(No space.*choose another folder"):
        write_repository(artifact, tmp_path / "models", "m", force=True)
    assert contents(tmp_path / "models") == was


def test_an_artifact_that_changes_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    artifact = made(tmp_path, "compact")
    with (tmp_path / "compact" / "model.onnx").open("ab") as file:
        file.write(b"\x32\x01x")
    with pytest.raises(ModelError, match=r"model\.onnx: was changed after the check"):
        write_repository(artifact, tmp_path / "models", "m")
    assert not (tmp_path / "models" / "m").exists()


def test_names_are_written_as_texts() -> None:
    port = InterfaceTensor('say "ü\\"', "float32", ("N",), "candidate")
    assert model_config(write_config("m", [port], [])).input[0].name == 'say "ü\\"'
    with pytest.raises(ModelError, match="which Triton has no type for"):
        write_config("m", [InterfaceTensor("x", "complex64", (1,), "request")], [])
