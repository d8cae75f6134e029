"""The command line as a shell sees it: what it writes, what it says, its exit status."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mari_engine.__main__ import run
from support.builders import build, ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

LABELS = {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tower.onnx"
    path.write_bytes(ranking_tower(user=64, item=16, hidden=32))
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(LABELS), encoding="utf-8")
    return path


@pytest.fixture
def artifact(model: Path, labels: Path, tmp_path: Path) -> Path:
    assert run(["optimize", str(model), "--labels", str(labels), "-o", str(tmp_path / "out")]) == 0
    return tmp_path / "out"


def complaint(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run a command that is refused, and return its one line on stderr."""
    assert run([str(word) for word in words]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_samples_come_with_their_labels(tmp_path: Path) -> None:
    assert run(["samples", "-o", str(tmp_path / "s")]) == 0
    names = {path.name for path in (tmp_path / "s").iterdir()}
    models = {name.removesuffix(".onnx") for name in names if name.endswith(".onnx")}
    assert len(models) >= 10
    assert {f"{name}.labels.json" for name in models} <= names


def test_labels_are_proposed_with_confidence(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["labels", str(model), "-o", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["version"] == 1
    assert found["inputs"]["user"]["role"] == "user"
    assert found["inputs"]["item"]["role"] == "item"
    assert "confidence" in capsys.readouterr().out


def test_inspect_tells_each_product_and_writes_nothing(
    model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    assert run(["inspect", str(model), "--labels", str(labels), "-v"]) == 0
    out = capsys.readouterr().out
    assert "R 64 | I 16" in out
    assert re.search(r"Gemm.*split", out)
    assert sorted(tmp_path.iterdir()) == before


def test_inspect_json_is_the_documented_document(
    model: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(model), "--labels", str(labels), "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"version", "model", "labels", "values", "segments", "decisions", "flops"} <= set(found)
    assert found["labels"]["inputs"]["user"]["role"] == "user"
    assert {entry["action"] for entry in found["decisions"]} <= {"split", "once", "fused", "kept"}
    assert found["values"]["user"]["side"] == "request"


def test_optimize_writes_the_artifact(artifact: Path) -> None:
    names = {path.name for path in artifact.iterdir()}
    assert {
        "model.onnx",
        "manifest.json",
        "labels.json",
        "certificate.json",
        "report.html",
    } <= names
    assert json.loads((artifact / "certificate.json").read_text())["passed"] is True
    assert json.loads((artifact / "manifest.json").read_text())["signature"] == "drop-in"


def test_optimize_takes_the_compact_signature_candidates_and_kept_nodes(
    model: Path, labels: Path, tmp_path: Path
) -> None:
    words = ["optimize", str(model), "--labels", str(labels), "-o", str(tmp_path / "c")]
    words += ["--signature", "compact", "--candidates", "50"]
    assert run(words) == 0
    assert json.loads((tmp_path / "c" / "manifest.json").read_text())["signature"] == "compact"


def test_kept_nodes_follow_one_flag_or_several(model: Path, labels: Path, tmp_path: Path) -> None:
    shown = tmp_path / "shown.json"
    words = ["inspect", str(model), "--labels", str(labels), "--json", str(shown)]
    assert run(words) == 0
    first, second = (entry["node"] for entry in json.loads(shown.read_text())["decisions"])
    base = ["optimize", str(model), "--labels", str(labels)]
    assert run([*base, "-o", str(tmp_path / "a"), "--keep", first, "--keep", second]) == 0
    assert run([*base, "--keep", first, second, "-o", str(tmp_path / "b")]) == 0
    for name in ("a", "b"):
        manifest = json.loads((tmp_path / name / "manifest.json").read_text())
        assert [entry["action"] for entry in manifest["decisions"]] == ["kept", "kept"]


def test_optimize_without_labels_stops_where_a_proposal_is_uncertain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vague.onnx"
    path.write_bytes(
        build("y = Add (a, b)", inputs="float[N, 2] a, float[N, 2] b", outputs="float[N, 2] y")
    )
    err = complaint(capsys, "optimize", path, "-o", tmp_path / "out")
    assert "input a" in err
    assert "mari labels" in err
    assert not (tmp_path / "out").exists()


def test_optimize_checks_the_users_requests(model: Path, labels: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    user = np.repeat(rng.standard_normal((1, 64), dtype=np.float32), 5, axis=0)
    item = rng.standard_normal((5, 16), dtype=np.float32)
    np.savez(tmp_path / "monday.npz", user=user, item=item)
    words = ["optimize", str(model), "--labels", str(labels), "-o", str(tmp_path / "out")]
    assert run([*words, "--request", str(tmp_path / "monday.npz")]) == 0
    certificate = json.loads((tmp_path / "out" / "certificate.json").read_text())
    assert "monday.npz" in [check["request"] for check in certificate["checks"]]


def test_verify_passes_on_what_was_written(model: Path, labels: Path, artifact: Path) -> None:
    for optimized in (artifact, artifact / "model.onnx"):
        words = ["verify", str(model), str(optimized), "--labels", str(labels)]
        assert run([*words, "--batch", "1,5", "--seed", "3"]) == 0


def test_verify_tells_a_changed_model_with_status_1(
    model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(ranking_tower(user=64, item=16, hidden=32, seed=1))
    assert run(["verify", str(model), str(other), "--labels", str(labels)]) == 1
    err = capsys.readouterr().err
    assert "other.onnx" in err
    assert err.count("\n") == 1


def test_bench_writes_json_and_csv(
    model: Path, labels: Path, artifact: Path, tmp_path: Path
) -> None:
    words = ["bench", str(model), str(artifact), "--labels", str(labels), "--batch", "4,8"]
    words += ["--json", str(tmp_path / "b.json"), "--csv", str(tmp_path / "b.csv")]
    assert run(words) == 0
    found = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
    assert found["batches"] == [4, 8]
    assert {"original", "mari"} <= {timing["arm"] for timing in found["timings"]}
    with (tmp_path / "b.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found["timings"])
    assert {row["batch"] for row in rows} == {"4", "8"}


def test_report_takes_an_artifact_or_a_model(
    model: Path, labels: Path, artifact: Path, tmp_path: Path
) -> None:
    again, fresh, short = tmp_path / "a.html", tmp_path / "b.html", tmp_path / "c.md"
    assert run(["report", str(artifact), "-o", str(again)]) == 0
    base = ["report", str(model), "--labels", str(labels), "-o"]
    assert run([*base, str(fresh)]) == 0
    assert run([*base, str(short)]) == 0
    for path in (again, fresh):
        assert "✔ Lossless" in path.read_text(encoding="utf-8")
    assert short.read_text(encoding="utf-8").startswith("## MaRI: tower.onnx")


def test_app_starts_streamlit_on_the_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("runpy.run_module", lambda name, **_: started.append([name, *sys.argv]))
    monkeypatch.setattr("sys.argv", ["mari"])
    assert run(["app", str(model), "--headless", "--port", "8600"]) == 0
    (words,) = started
    assert words[:3] == ["streamlit", "streamlit", "run"]
    assert Path(words[3]).is_file()
    assert words[-2:] == ["--", str(model)]
    assert "8600" in words


def test_usage_errors_take_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bogus" in complaint(capsys, "bogus")
    assert "MODEL" in complaint(capsys, "inspect")
    assert "--labels" in complaint(capsys, "bench", tmp_path / "m.onnx")
    assert "--nonsense" in complaint(capsys, "labels", "m.onnx", "--nonsense")
    assert "sideways" in complaint(
        capsys, "optimize", "m.onnx", "-o", "out", "--signature", "sideways"
    )


def test_bad_input_names_the_file_and_the_remedy(
    model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "none.onnx" in complaint(capsys, "inspect", tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    assert "text.onnx" in complaint(capsys, "inspect", tmp_path / "text.onnx")
    labels.write_text("{")
    err = complaint(capsys, "inspect", model, "--labels", labels)
    assert "labels.json" in err
    assert "line 1" in err
    labels.write_text(json.dumps({"version": 1, "inputs": {"user": {"role": "user"}}}))
    err = complaint(capsys, "inspect", model, "--labels", labels)
    assert "'item'" in err
    assert "labels.json" in err
    assert "0" in complaint(capsys, "bench", model, "--labels", labels, "--batch", "0")
    assert "no-such-sample" in complaint(capsys, "app", "no-such-sample")


def test_two_models_are_one_too_many(
    model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("optimize", model, model, "--labels", labels, "-o", tmp_path / "out")
    assert "one model" in complaint(capsys, *words)


def test_a_kept_node_must_exist(
    model: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("optimize", model, "--labels", labels, "-o", tmp_path / "out", "--keep", "nobody")
    assert "nobody" in complaint(capsys, *words)
    assert not (tmp_path / "out").exists()


def test_unwritable_output_is_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "missing" / "labels.json"
    assert str(target) in complaint(capsys, "labels", model, "-o", target)


def test_ctrl_c_stops_without_a_traceback(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mari_engine.propose_labels", interrupt)
    assert run(["labels", str(model)]) == 130
    assert capsys.readouterr().err == "mari: stopped\n"


def test_an_error_of_the_program_takes_one_line_unless_asked(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("mari_engine.propose_labels", fail)
    assert "ZeroDivisionError: oops" in complaint(capsys, "labels", model)
    monkeypatch.setenv("MARI_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run(["labels", str(model)])


def test_help_and_version_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert run(["--help"]) == 0
    assert run(["--version"]) == 0
    assert "optimize" in capsys.readouterr().out


def test_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mari_engine", "bogus"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mari: ")
    assert done.stderr.count("\n") == 1
