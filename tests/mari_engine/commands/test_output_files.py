"""No command overwrites a model, or a file that the same command did not write, unless told to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mari_engine import load_offloaded
from mari_engine.__main__ import command_line, run
from mari_engine.types import Labels
from sample_models import labels_path, sample_path
from support.short_loads import short_loads  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("short_loads")

NAME = "two_tower"


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "out"
    words = [str(sample_path(NAME)), "--labels", str(labels_path(NAME)), "--no-autotune"]
    assert run(["optimize", *words, "-o", str(folder)]) == 0
    parts = folder.with_name("parts")
    cut = [str(sample_path(NAME)), "--labels", str(labels_path(NAME)), "--bytes", "4096"]
    assert run(["offload", *cut, "-o", str(parts)]) == 0
    write_catalogue(parts, folder.with_name("catalogue.parquet"))
    return folder


def write_catalogue(parts: Path, to: Path) -> None:
    item = load_offloaded(parts).item
    columns = {
        each.name: list(np.zeros((2, *map(int, each.shape[1:])), each.dtype))
        for each in item.inputs
    }
    pq.write_table(pa.table({"key": ["a", "b"], **columns}), to)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(sample_path(NAME).read_bytes())
    (tmp_path / "l.json").write_bytes(labels_path(NAME).read_bytes())
    return path


def commands(model: Path, artifact: Path) -> dict[str, list[str]]:
    """Return each command that writes a file, up to the name of that file."""
    labels = ["--labels", str(model.with_name("l.json"))]
    quick = ["--batch", "2"]
    timed = ["bench", str(model), str(artifact), *labels, *quick, "--arms", "original"]
    return {
        "labels": ["labels", str(model), "-o"],
        "inspect": ["inspect", str(model), *labels, "--json"],
        "verify": ["verify", str(model), str(artifact), *labels, *quick, "--json"],
        "diff": ["diff", str(model), str(model), "--json"],
        "report": ["report", str(artifact), "-o"],
        "optimize": [
            "optimize", str(model), *labels, "--no-autotune", "-o", str(model.with_name("o")),
            "--json",
        ],
        "bench": [*timed, "--json"],
        "bench as a table": [*timed, "--csv"],
        "load": ["load", str(model), *labels, "--p99", "60s", "--candidates", "2", "--json"],
        "offload": ["offload", str(model), *labels, "--json"],
        "items": [
            "items", str(artifact.with_name("parts")),
            str(artifact.with_name("catalogue.parquet")), "--key", "key",
            "-o", str(model.with_name("store")), "--json",
        ],
        "calibrate": ["calibrate", "--json"],
        "check": ["check", str(artifact), "--fail-if", "flops<0", "--junit"],
        "fuzz": ["fuzz", "--seed", "3", "--count", "1", "--signature", "compact", "--json"],
    }  # fmt: skip


WRITING = tuple(commands(Path("m"), Path("a")))


def test_every_command_that_writes_a_file_is_held_to_it() -> None:
    folders_only = {"samples", "app", "triton"}
    held = {words[0] for words in commands(Path("m"), Path("a")).values()}
    known = {each.name or each.callback.__name__ for each in command_line.registered_commands
             if each.callback is not None}  # fmt: skip
    assert held == known - folders_only


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("name", WRITING)
def test_a_file_of_another_kind_is_overwritten_by_force_only(
    name: str, model: Path, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = commands(model, artifact)[name]
    for held in (model.read_bytes(), b"", b"notes", b'{"version": 1, "mine": true}', b"[" * 2000):
        target = tmp_path / "target"
        target.write_bytes(held)
        assert run([*words, str(target)]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"mari: {target}: was not written by this command;")
        assert told.count("\n") == 1
        assert target.read_bytes() == held
    assert run([*words, str(tmp_path)]) == 2
    assert "is a folder; name a file" in capsys.readouterr().err
    assert run([*words, str(target), "--force"]) == 0
    assert target.read_bytes() != held
    assert run([*words, str(target)]) == 0, "what it wrote itself it may replace"


def test_the_model_itself_is_not_overwritten(
    model: Path, artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = model.read_bytes()
    for words in commands(model, artifact).values():
        assert run([*words, str(model)]) == 2
    for command in (["optimize", str(model)], ["samples"], ["fuzz", "--count", "1"]):
        assert run([*command, "-o", str(model)]) == 2
    assert model.read_bytes() == held
    assert "Traceback" not in capsys.readouterr().err


def test_answered_labels_are_not_overwritten_by_proposals(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "labels.json"
    Labels.load(model.with_name("l.json")).save(target)
    held = target.read_bytes()
    assert run(["labels", str(model), "-o", str(target)]) == 2
    assert target.read_bytes() == held
    assert run(["labels", str(model), "-o", str(target), "--force"]) == 0
    assert target.read_bytes() != held
    assert run(["labels", str(model), "-o", str(target)]) == 0
    capsys.readouterr()


def test_parts_of_an_artifact_are_not_overwritten_one_by_one(
    model: Path, artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in artifact.iterdir()}
    for part in ("labels.json", "certificate.json", "manifest.json"):
        for name in ("labels", "inspect", "verify"):
            assert run([*commands(model, artifact)[name], str(artifact / part)]) == 2
            assert "is part of an artifact" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in artifact.iterdir()} == before
    assert run(["report", str(artifact), "-o", str(artifact / "report.html")]) == 0


def test_optimize_asks_before_it_works(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "model.onnx").write_bytes(b"mine")
    words = ["optimize", str(model), "--labels", str(model.with_name("l.json")), "-o", str(target)]
    assert run([*words, "--no-autotune"]) == 2
    told = capsys.readouterr()
    assert "model.onnx: was not written by mari" in told.err
    assert told.out == ""
    assert (target / "model.onnx").read_bytes() == b"mine"
    assert run([*words, "--no-autotune", "--force"]) == 0
    assert json.loads((target / "manifest.json").read_text())["version"] == 1


def test_samples_replace_their_own_files_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["samples", "-o", str(tmp_path)]) == 0
    assert run(["samples", "-o", str(tmp_path)]) == 0
    (tmp_path / "dlrm.onnx").write_bytes(b"mine")
    (tmp_path / "two_tower.onnx").unlink()
    assert run(["samples", "-o", str(tmp_path)]) == 2
    assert "dlrm.onnx: is there already and is not this sample" in capsys.readouterr().err
    assert not (tmp_path / "two_tower.onnx").exists(), "nothing is written"
    assert run(["samples", "-o", str(tmp_path), "--force"]) == 0
    assert (tmp_path / "dlrm.onnx").read_bytes() == sample_path("dlrm").read_bytes()


def test_failures_of_random_graphs_replace_their_own_folders_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fuzz", "--seed", "3", "--count", "1", "--signature", "compact", "-o", str(tmp_path)]
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "model.onnx").write_bytes(b"no graph of that seed is made")
    (tmp_path / "3").mkdir()
    assert run(words) == 0
    (tmp_path / "3" / "model.onnx").write_bytes(b"mine")
    assert run(words) == 2
    told = capsys.readouterr().err
    assert told == (
        f"mari: {tmp_path / '3'}: was not written by this command; choose another folder, or "
        "overwrite it with --force\n"
    )
    assert run([*words, "--force"]) == 0
    (tmp_path / "3" / "failure.json").write_text('{"version": 1, "seed": 3}', encoding="utf-8")
    assert run(words) == 0, "an earlier failure of this seed"
