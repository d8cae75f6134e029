"""`mari fuzz` as a shell sees it: counts, failures as folders, exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnx
import pytest

import mari_engine as mari
from mari_engine.__main__ import run
from mari_engine.fuzzing import (
    DIALECTS,
    Examined,
    case_of,
    examination,
    examine,
    examine_seed,
    examine_seeds,
)  # fmt: skip
from mari_engine.types import Labels, Signature
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

ROOT = Path(__file__).parents[3]
FAULTY = """
import sys
import mari_engine as mari
from mari_engine.__main__ import run
from mari_engine.axes import Pointwise
from mari_engine.rewriting.handlers import HANDLERS

right = HANDLERS[Pointwise]
HANDLERS[Pointwise] = lambda step: (
    [step.forms[0]] if step.node.op_type == "Sigmoid" else right(step)
)
if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
"""
"""A `mari` that forgets an activation, in each of its processes."""
ENDING = """
import os
from mari_engine.fuzzing import workers
workers.examine_seed = lambda seed, signatures: os._exit(7)
if __name__ == "__main__":
    for one in workers.examine_seeds(iter((3, 4)), 1):
        print(one.seed, one.examination.outcome, one.examination.reason)
"""
"""A process that ends at every case."""
SEED = 232_792_560
"""A multiple of all numbers up to 20: of the first dialect, however many of them there are."""


def started(program: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(path), *words], cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def test_graphs_of_all_dialects_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fuzz", "--seed", "12", "--count", str(len(DIALECTS)), "--json", "-"]
    assert run(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["done"] == len(DIALECTS)
    assert set(found["dialects"]) == set(DIALECTS)
    assert found["outcomes"]["same"] + found["outcomes"]["kept"] == len(DIALECTS)
    assert found["failures"] == []


def test_a_failure_is_a_folder_that_shows_it(tmp_path: Path) -> None:
    asked = ["fuzz", "--seed", str(SEED), "--count", "1"]
    done = started(FAULTY, tmp_path, *asked, "-o", "found")
    assert done.returncode == 1
    assert done.stderr == f"mari: 1 of 1 graphs failed (seeds {SEED}); see found\n"
    folder = tmp_path / "found" / str(SEED)
    nodes = onnx.load(folder / "model.onnx").graph.node
    assert [node.op_type for node in nodes] == ["Sigmoid"]
    labels = Labels.load(folder / "labels.json")
    with np.load(folder / "request.npz") as request:
        assert set(request.files) == set(labels.inputs)
    told = json.loads((folder / "failure.json").read_text(encoding="utf-8"))
    assert told["outcome"] == "refused by the check"
    assert told["repeat"] == " ".join(["mari", *asked])
    assert told["nodes"]["after"] == 1 < told["nodes"]["before"]


def test_a_process_that_ends_is_a_crash_of_its_case_alone(tmp_path: Path) -> None:
    done = started(ENDING, tmp_path)
    assert done.stdout.splitlines() == [
        f"{seed} crash the process ended with status 7" for seed in (3, 4)
    ]


def test_two_processes_find_what_one_finds() -> None:
    asked = (Signature.COMPACT,)
    seen = examine_seeds(iter(range(4)), 2, signatures=asked)
    found = {each.seed: each.examination for each in seen}
    assert found == {seed: examine_seed(seed, asked).examination for seed in range(4)}


def test_graphs_are_rewritten_in_the_signatures_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rewritten = []

    def seen(model: mari.Model, labels: Labels, *, signature: Signature) -> NoReturn:
        rewritten.append(signature)
        raise mari.MariError("seen")

    monkeypatch.setattr(examination, "survey_labeled", seen)
    assert examine(case_of(3, (Signature.COMPACT,))).reason == "seen"
    assert rewritten == [Signature.COMPACT]
    asked: list[object] = []

    def none(*_: object, signatures: tuple[Signature, ...]) -> Iterator[Examined]:
        asked.append(signatures)
        return iter(())

    monkeypatch.setattr("mari_engine.fuzzing.examine_seeds", none)
    words = ["--signature", "batched", "--signature", "compact", "--json", "-"]
    assert run(["fuzz", "--count", "1", *words]) == 0
    assert asked == [(Signature.BATCHED, Signature.COMPACT)]
    assert json.loads(capsys.readouterr().out)["signatures"] == ["batched", "compact"]


def test_what_was_done_is_told_when_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(seeds: Iterator[int], *_: object, **__: object) -> Iterator[Examined]:
        yield examine_seed(next(seeds))
        raise KeyboardInterrupt

    monkeypatch.setattr("mari_engine.fuzzing.examine_seeds", stopped)
    assert run(["fuzz", "--count", "50"]) == 130
    told = capsys.readouterr()
    assert "1 of 50 graphs, seeds from 0" in told.out
    assert told.err == "mari: stopped\n"


def test_a_folder_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mari_engine.fuzzing import Examination, Failure, Outcome

    found = Examination(Outcome.WRONG, "seeded")
    failed = Examined(0, found, Failure(0, found, case_of(0), found))
    monkeypatch.setattr("mari_engine.fuzzing.examine_seeds", lambda *_, **__: iter([failed]))
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert run(["fuzz", "--count", "1", "-o", str(blocked)]) == 2
    assert capsys.readouterr().err == f"mari: {blocked}: this is a file; give a folder\n"
