"""`mari check`: artifacts against thresholds, as a pipeline sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mari_engine as mari
from mari_engine.__main__ import run
from mari_engine.artifact import FIELDS, ArtifactFigures, read_condition, read_figures
from mari_engine.types import Flops, Speedup
from support.builders import ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

LABELS = mari.Labels.from_json(
    {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}
)
Read = Callable[[], tuple[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts of two models, and a folder of something else."""
    place = tmp_path_factory.mktemp("artifacts")
    for name, user in (("small", 8), ("wide", 640)):
        model = mari.load(ranking_tower(user=user, item=16, hidden=32), name=name)
        result = mari.optimize(model, LABELS, candidates=300, autotune=False)
        result.save(place / name)
    (place / "notes").mkdir()
    return place


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    """What was printed since it was asked last."""

    def both() -> tuple[str, str]:
        found = capsys.readouterr()
        return found.out, found.err

    both()
    return both


def test_without_conditions_a_row_is_shown_for_each_artifact(folder: Path, read: Read) -> None:
    assert run(["check", str(folder)]) == 0
    out, err = read()
    rows = [line for line in out.splitlines() if str(folder) in line]
    assert len(rows) == 2
    assert err == ""
    made = mari.load_artifact(folder / "wide")
    speedup = read_figures(made).selection.speedup
    assert speedup is not None
    assert mari.format_times(speedup.ratio) in rows[1]


def test_the_status_says_whether_a_condition_holds(folder: Path, read: Read) -> None:
    wide = str(folder / "wide")
    assert run(["check", wide, "--fail-if", "speedup<1.3", "--fail-if", "lossless == 0"]) == 0
    assert read()[1] == ""
    assert run(["check", wide, "--fail-if", "speedup>1.3", "--fail-if", "candidates!=500"]) == 1
    err = read()[1]
    assert err.count("\n") == 1
    assert "candidates!=500 holds: candidates is 300" in err
    assert "speedup>1.3 holds: speedup is" in err


def test_junit_has_a_case_for_each_artifact_and_condition(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "junit.xml"
    words = ["check", str(folder), "--fail-if", "flops_before>1M", "--junit", str(place)]
    assert run(words) == 1
    suite = ElementTree.fromstring(place.read_text(encoding="utf-8"))[0]
    cases = {(each.get("classname"), each.get("name")): len(each) for each in suite}
    small, wide = str(folder / "small"), str(folder / "wide")
    assert cases == {
        (small, "is whole"): 0, (small, "flops_before>1M"): 0,
        (wide, "is whole"): 0, (wide, "flops_before>1M"): 1,
    }  # fmt: skip
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    assert run(words) == 1, "its own file is written anew"


def test_another_file_is_not_overwritten(folder: Path, tmp_path: Path, read: Read) -> None:
    place = tmp_path / "junit.xml"
    place.write_text("<notes/>", encoding="utf-8")
    assert run(["check", str(folder), "--junit", str(place)]) == 2
    assert "--force" in read()[1]
    assert place.read_text(encoding="utf-8") == "<notes/>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("speedup", "is no condition; write a field, one of"),
        ("speedup<fast", "is no condition"),
        ("speedup<1.3 or lossless==0", "is no condition"),
        ("latency<3", "there is no field 'latency'; there are speedup,"),
    ],
)
def test_what_is_no_condition_is_refused_in_one_line(
    folder: Path, text: str, reason: str, read: Read
) -> None:
    assert run(["check", str(folder), "--fail-if", text]) == 2
    err = read()[1]
    assert err.count("\n") == 1
    assert reason in err


def test_a_figure_that_an_artifact_does_not_tell_is_an_error(folder: Path, read: Read) -> None:
    assert run(["check", str(folder / "wide"), "--fail-if", "speedup_low<1.2"]) == 2
    err = read()[1]
    assert err.count("\n") == 1
    assert "nothing was timed" in err


def timed(figures: ArtifactFigures) -> ArtifactFigures:
    """Return the figures of an artifact as if its ways had been timed."""
    told = Speedup(1.2, 1.1, 1.5)
    trials = [replace(each, measured=1e-3, speedup=told) for each in figures.selection.trials]
    return replace(
        figures, selection=replace(figures.selection, chosen_by="measured", trials=tuple(trials))
    )


def test_beside_a_figure_that_is_not_told_the_others_are_looked_at(
    folder: Path, tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_some(made: mari.Artifact) -> ArtifactFigures:
        found = read_figures(made)
        return timed(found) if found.directory.name == "wide" else found

    monkeypatch.setattr("mari_engine.artifact.read_figures", read_some)
    junit = tmp_path / "junit.xml"
    words = ["check", str(folder), "--fail-if", "speedup_low<1.2", "--fail-if", "flops>0"]
    assert run([*words, "--junit", str(junit)]) == 2
    out, err = read()
    assert "wide" in out
    assert "small" in out
    assert err.count("\n") == 1
    assert err.count("nothing was timed") == 1
    assert f"{folder / 'wide'}: speedup_low<1.2 holds: speedup_low is 1.1" in err
    cases = ElementTree.fromstring(junit.read_text(encoding="utf-8"))[0]
    failed = [
        (Path(str(each.get("classname"))).name, each.get("name")) for each in cases if len(each)
    ]
    assert failed == [
        ("small", "speedup_low<1.2"), ("small", "flops>0"),
        ("wide", "speedup_low<1.2"), ("wide", "flops>0"),
    ]  # fmt: skip


def test_a_path_that_does_not_exist_is_told_so(folder: Path, read: Read) -> None:
    assert run(["check", str(folder / "nowhere")]) == 2
    assert "nowhere: does not exist; give one" in read()[1]


@pytest.mark.parametrize("name", ["nowhere", "notes"])
def test_what_holds_no_artifact_is_refused(folder: Path, name: str, read: Read) -> None:
    assert run(["check", str(folder / name)]) == 2
    assert "give one that 'mari optimize' wrote" in read()[1]


def copy_of(folder: Path, place: Path) -> Path:
    """Return a copy of an artifact, its files alone."""
    place.mkdir(parents=True)
    for each in folder.iterdir():
        (place / each.name).write_bytes(each.read_bytes())
    return place


def test_a_changed_artifact_is_refused(folder: Path, tmp_path: Path, read: Read) -> None:
    place = copy_of(folder / "wide", tmp_path / "changed")
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    manifest["candidates"] = 2
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert run(["check", str(place)]) == 2
    assert read()[1].count("\n") == 1


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json", "labels.json"])
def test_beside_a_damaged_artifact_the_others_are_looked_at(
    folder: Path, tmp_path: Path, file: str, read: Read
) -> None:
    damaged = copy_of(folder / "small", tmp_path / "all" / "small")
    copy_of(folder / "wide", tmp_path / "all" / "wide")
    (damaged / file).write_bytes(b"{")
    junit = tmp_path / "junit.xml"
    words = ["check", str(tmp_path / "all"), "--fail-if", "flops_before>1", "--junit", str(junit)]
    assert run(words) == 2
    out, err = read()
    assert str(damaged / file) in err
    assert err.count("\n") == 1
    assert "wide" in out
    cases = ElementTree.fromstring(junit.read_text(encoding="utf-8"))[0]
    failed = [
        (Path(str(each.get("classname"))).name, each.get("name")) for each in cases if len(each)
    ]
    assert failed == [("small", "is whole"), ("wide", "flops_before>1")]


def test_a_figure_near_its_threshold_is_told_with_the_digits_that_decide(folder: Path) -> None:
    """A message that 1.3 is less than 1.3 tells nobody anything."""
    figures = read_figures(mari.load_artifact(folder / "wide"))
    figures = replace(figures, flops_before=Flops(0, 1_299_999), flops_after=Flops(0, 1_000_000))
    assert read_condition("flops_ratio<1.3").shown(figures) == 1.299999
    assert read_condition("flops_ratio<2").shown(figures) == 1.3


def test_every_figure_can_be_named(folder: Path) -> None:
    figures = read_figures(mari.load_artifact(folder / "wide"))
    assert tuple(figures.numbers()) == FIELDS


@pytest.mark.parametrize(
    ("text", "bound"), [("flops<=2k", 2e3), ("flops < 1.5 G", 1.5e9), ("kept>=0", 0.0)]
)
def test_numbers_may_have_a_prefix(text: str, bound: float) -> None:
    assert read_condition(text).bound == bound
