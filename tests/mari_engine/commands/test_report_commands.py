import json
from pathlib import Path

import pytest

import mari_engine as mari
from mari_engine.__main__ import run
from mari_engine.review import Note, Review, Section, SignOff, Stamp
from support.builders import ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

ANN = Stamp("Ann", "2026-11-20")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "tower.onnx").write_bytes(ranking_tower())
    labels = {"user": {"role": "user"}, "item": {"role": "item"}}
    result = mari.optimize(
        mari.load(folder / "tower.onnx"),
        mari.Labels.from_json({"version": 1, "inputs": labels}),
        autotune=False,
    )
    result.save(folder / "out")
    seen = mari.digest_sections(result.original.sha256, result.labels, result, result.certificate)
    review = Review(result.original.sha256).add(Note(Section.LABELS, "user", "Sure?", ANN))
    for section in (Section.LABELS, Section.LOSSLESSNESS):
        review = review.sign(SignOff(section, ANN, seen[section]))
    review.save(folder / "review.json")
    return folder


def test_what_a_result_showed_when_it_was_signed_stands_in_its_artifacts_report(
    artifact: Path, tmp_path: Path
) -> None:
    words = ["report", str(artifact / "out"), "--review", str(artifact / "review.json"), "-o"]
    assert run([*words, str(tmp_path / "a.html")]) == 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("stands: what was signed is what is here") == 2
    assert "Sure?" in page
    assert run([*words, str(tmp_path / "a.md")]) == 0
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert "| Losslessness | signed off by Ann, 2026-11-20 | 0 | 0 |" in text


def test_a_review_of_another_model_is_told_in_one_line(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Review("0" * 64).save(tmp_path / "review.json")
    words = ["report", str(artifact / "out"), "--review", str(tmp_path / "review.json")]
    assert run([*words, "-o", str(tmp_path / "a.html")]) == 2
    error = capsys.readouterr().err
    assert "is about another model (SHA-256 000000000000)" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "a.html").exists()
    (tmp_path / "review.json").write_text("{}", encoding="utf-8")
    assert run([*words, "-o", str(tmp_path / "a.html")]) == 2
    assert "review.json: review: version is None" in capsys.readouterr().err


def test_a_capacity_stands_in_the_report(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = mari.LoadResult(
        bound=0.02, candidates=(500,), workers=2, runs=(), equal_rate=None, machine={},
        capacities=(mari.Capacity(mari.Arm.ORIGINAL, 50.0, 60.0, 80.0, None),), generator="g",
        model="m", seed=0,
    )  # fmt: skip
    (tmp_path / "load.json").write_text(json.dumps(found.to_json()), encoding="utf-8")
    words = ["report", str(artifact / "out"), "--load", str(tmp_path / "load.json"), "-o"]
    assert run([*words, str(tmp_path / "a.md")]) == 0
    assert "| original | 50.0 | 60.0 | 80.0 | – |" in (tmp_path / "a.md").read_text("utf-8")
    (tmp_path / "load.json").write_text("{}", encoding="utf-8")
    assert run([*words, str(tmp_path / "b.md")]) == 2
    assert "load.json: load: version is None" in capsys.readouterr().err
