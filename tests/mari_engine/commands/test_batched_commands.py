"""A batched model on the command line, from the rewrite to a Triton repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from support.builders import build, ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

LABELS = {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "m.onnx").write_bytes(ranking_tower(user=64, item=16, hidden=32))
    (tmp_path / "l.json").write_text(json.dumps(LABELS), encoding="utf-8")
    return [str(tmp_path / "m.onnx"), "--labels", str(tmp_path / "l.json")]


def optimize(words: list[str], folder: Path, *more: str) -> int:
    return run(["optimize", *words, "-o", str(folder), "--signature", "batched", *more])


def test_a_batched_model_goes_through_all_commands(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, (model, *labels) = tmp_path / "out", words
    assert optimize(words, out, "--index", "lengths") == 0
    index = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["inputs"][-1]
    assert index == {
        "name": "request_lengths", "dtype": "int64", "shape": ["R"], "rows": "index",
        "index": "lengths", "source": None,
    }  # fmt: skip
    assert run(["verify", model, str(out), *labels]) == 0
    assert "16 requests in one call" in capsys.readouterr().out
    assert run(["inspect", *words, "--signature", "batched"]) == 0
    assert run(["report", str(out), "-o", str(tmp_path / "r.html")]) == 0
    told = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "how many candidates each request has" in told
    assert "--index lengths" in told
    assert run(["bench", model, str(out), *labels, "--batch", "5"]) == 0
    assert "16 requests of 32 candidates in one call take" in capsys.readouterr().out
    assert run(["triton", str(out), "-o", str(tmp_path / "models")]) == 0
    assert (tmp_path / "models" / "m" / "1" / "model.onnx").is_file()
    again = tmp_path / "again"
    assert run(["optimize", model, "--like", str(out), "-o", str(again)]) == 0
    assert (again / "model.onnx").read_bytes() == (out / "model.onnx").read_bytes()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--index", "rows"], "--index rows is of --signature batched; add it"),
        (["--signature", "batched", "--index", "counts"], "--index"),
    ],
)
def test_an_index_is_of_a_batch(
    words: list[str], tmp_path: Path, more: list[str], told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["optimize", *words, "-o", str(tmp_path / "out"), *more]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_would_mix_users_is_told_in_one_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build(
        "s = Mul (user, item) y = Softmax <axis = 0> (s)",
        inputs="float[N, 3] user, float[N, 3] item", outputs="float[N, 3] y",
    )  # fmt: skip
    (tmp_path / "m.onnx").write_bytes(data)
    assert optimize(words, tmp_path / "out") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Softmax" in line
    assert "which may mix users" in line
    assert not (tmp_path / "out").exists()


def test_a_repository_keeps_what_is_there(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert optimize(words, tmp_path / "out", "--index", "lengths") == 0
    asked = ["triton", str(tmp_path / "out"), "-o", str(tmp_path), "--name", "ranker"]
    assert run(asked) == 0
    assert run(asked) == 2
    assert "is there already" in capsys.readouterr().err
    assert run([*asked, "--force"]) == 0
