"""`mari diff` and `mari optimize --like` as a pipeline sees them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mari_engine.__main__ import run
from support.builders import build, ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

LABELS = {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a model, its labels, its artifact, and the models of two later days."""
    models = {
        "monday": ranking_tower(user=64, item=16, hidden=32),
        "tuesday": ranking_tower(user=64, item=16, hidden=32, seed=1),
        "wednesday": ranking_tower(user=64, item=20, hidden=32, seed=2),
    }
    for name, data in models.items():
        (tmp_path / f"{name}.onnx").write_bytes(data)
    (tmp_path / "labels.json").write_text(json.dumps(LABELS), encoding="utf-8")
    words = ["--labels", str(tmp_path / "labels.json"), "-o", str(tmp_path / "out")]
    assert run(["optimize", str(tmp_path / "monday.onnx"), *words, "--no-autotune"]) == 0
    return tmp_path


def like(place: Path, day: str, *more: str) -> int:
    words = ["--like", str(place / "out"), "-o", str(place / day)]
    return run(["optimize", str(place / f"{day}.onnx"), *words, *more])


def test_new_weights_pass_with_a_log(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert like(place, "tuesday", "--json", str(place / "log.json")) == 0
    assert "Lossless" in capsys.readouterr().out
    log = json.loads((place / "log.json").read_text(encoding="utf-8"))
    assert log["certificate"]["passed"]
    assert log["selection"]["chosen_by"] == "given"
    assert run(["diff", str(place / "out"), str(place / "tuesday")]) == 0
    assert "the same structure" in capsys.readouterr().out


def test_another_structure_stops_with_one_line(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert like(place, "wednesday") == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "input item is float32[N, 20] and was float32[N, 16]" in err
    assert not (place / "wednesday").exists()


@pytest.mark.parametrize(
    "option",
    [["--labels", "labels.json"], ["--signature", "compact"], ["--keep", "h"], ["--no-autotune"]],
)
def test_choices_beside_an_artifact_are_refused(
    place: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert like(place, "tuesday", *option) == 2
    assert "--like takes --" in capsys.readouterr().err


def test_a_diff_tells_by_its_status(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [str(place / f"{day}.onnx") for day in ("monday", "tuesday", "wednesday")]
    capsys.readouterr()
    assert run(["diff", *days[:2]]) == 0
    same = capsys.readouterr().out
    assert "4 of 4 weights of the original have other values" in same
    assert run(["diff", *days[1:], "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["same"] is False
    assert found["flops"]["original"][0]["per_candidate"] > 0


def test_flops_that_only_one_of_them_tells_are_told_of_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monday = [str(place / "monday.onnx"), str(place / "out")]
    for paths, ending in (
        (monday, "of the second; the first tells none"),
        (monday[::-1], "of the first; the second tells none"),
    ):
        capsys.readouterr()
        run(["diff", *paths])
        out = capsys.readouterr().out
        (line,) = [each for each in out.splitlines() if "FLOPs of the optimized" in each]
        assert line.endswith(ending)
        assert "→" not in line


def test_a_diff_is_short_unless_all_is_asked_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["diff", str(place / "monday.onnx"), str(place / "tuesday.onnx")]
    capsys.readouterr()
    assert run(words) == 0
    short = capsys.readouterr().out
    assert "and 1 more (-v)" in short
    assert run([*words, "-v"]) == 0
    assert all(name in capsys.readouterr().out or name in short for name in ("W0", "b1"))


def test_labels_give_models_sides_and_decisions(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [str(place / f"{day}.onnx") for day in ("monday", "tuesday")]
    capsys.readouterr()
    assert run(["diff", *days, "--labels", str(place / "labels.json")]) == 0
    assert "FLOPs of the optimized at 500 candidates" in capsys.readouterr().out


def test_a_weight_that_was_near_zero_is_told_by_its_elements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bias that began at about 0 had changed by 400,000,000% of its norm."""
    for day, scale in (("first", 1e-9), ("second", 4e-3)):
        held = {"b": np.full(4, scale, np.float32)}
        data = build(
            "y = Add (x, b)", inputs="float[N, 4] x", outputs="float[N, 4] y", weights=held
        )
        (tmp_path / f"{day}.onnx").write_bytes(data)
    assert run(["diff", *(str(tmp_path / f"{day}.onnx") for day in ("first", "second"))]) == 0
    told = capsys.readouterr().out
    assert "b: 100% of the elements, by up to 0.004 each, from near 0" in told
