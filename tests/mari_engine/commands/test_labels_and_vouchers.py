"""Labels on the command line: who vouches for them, and requests that contradict them."""

import json
from pathlib import Path

import numpy as np
import pytest

from mari_engine.__main__ import run
from support.builders import ranking_tower


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tower.onnx"
    path.write_bytes(ranking_tower(user=64, item=16, hidden=32))
    return path


@pytest.mark.parametrize("command", ["optimize", "verify", "inspect"])
def test_a_request_that_contradicts_a_label_ends_with_status_1(
    command: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = [
        {"start": 0, "stop": 60, "role": "user", "name": "profile"},
        {"start": 60, "stop": 64, "role": "user", "name": "brand_ctr"},
    ]
    named = tmp_path / "named.json"
    inputs = {"user": {"columns": columns}, "item": {"role": "item"}}
    named.write_text(json.dumps({"version": 1, "inputs": inputs}), encoding="utf-8")
    rng = np.random.default_rng(0)
    user = np.repeat(rng.standard_normal((1, 64), dtype=np.float32), 5, axis=0)
    user[3, 61] += 1
    np.savez(tmp_path / "log.npz", user=user, item=rng.standard_normal((5, 16), dtype=np.float32))
    words = ["--labels", str(named), "--request", str(tmp_path / "log.npz")]
    target = tmp_path / "new"
    place = {
        "optimize": ["-o", str(target), "--no-autotune"],
        "verify": [str(model)],
        "inspect": ["--measure"],
    }
    assert run([command, str(model), *place[command], *words]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "log.npz: input 'user' column 61 (brand_ctr) is labelled as one value" in err
    assert "row 3 differs from row 0; label it item or cross" in err
    assert not target.exists()


def test_who_vouches_stands_in_every_output(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, out = tmp_path / "labels.json", tmp_path / "out"
    inputs = {"user": {"role": "user", "vouched": "Ann"}, "item": {"role": "item"}}
    labels.write_text(json.dumps({"version": 1, "inputs": inputs}), encoding="utf-8")
    words = [str(model), "--labels", str(labels)]
    said = "2 labels (1 by Ann, 1 by the labels file)"
    assert run(["inspect", *words]) == 0
    assert f"Vouched for: {said}" in capsys.readouterr().out
    assert run(["optimize", *words, "--no-autotune", "-o", str(out)]) == 0
    assert f"Vouched for: {said}" in capsys.readouterr().out
    certificate = json.loads((out / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["vouched"] == {"Ann": ["user"], "the labels file": ["item"]}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told = [(row["input"], row["axis"], row["vouched"]) for row in manifest["labels"]]
    assert told == [("user", 0, "Ann"), ("item", 0, "the labels file")]
    assert said in (out / "report.html").read_text(encoding="utf-8")
    assert run(["report", str(out), "-o", str(tmp_path / "r.md")]) == 0
    markdown = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "| user | all | user | Ann | axis 0 |" in markdown
    assert "The same numbers, if these labels are true" in markdown


def test_a_corrected_file_is_signed_by_whoever_corrected_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert run(["labels", str(model), "-o", str(first)]) == 0
    data = json.loads(first.read_text(encoding="utf-8"))
    data["inputs"]["user"]["role"] = "cross"
    first.write_text(json.dumps(data), encoding="utf-8")
    words = ["labels", str(model), "--labels", str(first), "-o", str(second)]
    assert run([*words, "--vouched", "Ann"]) == 0
    assert "Vouched for: 2 labels (1 by names, 1 by Ann)" in capsys.readouterr().out
    assert json.loads(second.read_text(encoding="utf-8"))["inputs"]["user"]["vouched"] == "Ann"
    assert run([*words, "--vouched", "graph"]) == 2
    assert "is not the name of a person" in capsys.readouterr().err
    assert run(["labels", str(model), "--vouched", "Ann"]) == 2
    assert "give --labels" in capsys.readouterr().err


def test_requests_answer_what_a_file_leaves_open_and_contradict_what_it_says(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, log = tmp_path / "labels.json", tmp_path / "log.npz"
    rng = np.random.default_rng(0)
    user = np.repeat(rng.standard_normal((1, 64), dtype=np.float32), 9, axis=0)
    np.savez(log, user=user, item=rng.standard_normal((9, 16), dtype=np.float32))
    words = ["labels", str(model), "--labels", str(labels), "--request", str(log)]

    def written(item: dict[str, object]) -> None:
        inputs = {"user": {"role": "context", "axis": 0, "vouched": "Ann"}, "item": item}
        labels.write_text(json.dumps({"version": 1, "inputs": inputs}), encoding="utf-8")

    written({"role": "item", "confidence": 0.5})
    assert run([*words, "-o", str(tmp_path / "answered.json")]) == 0
    answered = json.loads((tmp_path / "answered.json").read_text(encoding="utf-8"))["inputs"]
    assert (answered["user"]["role"], answered["user"]["vouched"]) == ("context", "Ann")
    assert (answered["item"]["role"], answered["item"]["vouched"]) == ("item", "request")
    written({"role": "user"})
    capsys.readouterr()
    assert run([*words, "-o", str(tmp_path / "refuted.json")]) == 1
    assert "log.npz: input 'item' column 0–15 is labelled as one value" in capsys.readouterr().err
    assert not (tmp_path / "refuted.json").exists()


@pytest.mark.parametrize(("candidates", "taught"), [(1, False), (9, True)])
def test_requests_of_a_single_candidate_are_told_to_teach_nothing(
    candidates: int, taught: bool, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    item = rng.standard_normal((candidates, 16), dtype=np.float32)
    np.savez(tmp_path / "log.npz", user=np.zeros((candidates, 64), np.float32), item=item)
    assert run(["labels", str(model), "--request", str(tmp_path / "log.npz")]) == 0
    said = "The requests taught nothing: each ranks a single candidate" in capsys.readouterr().out
    assert said is not taught
