"""A closed pipe or a full disk behind standard output stops no work, and is told by the status."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mari_engine as mari
from mari_engine.__main__ import run
from sample_models import labels_path, sample_path

NAME = "two_tower"
ROOT = Path(__file__).parents[3]
OPTIMIZE = [
    "optimize", str(sample_path(NAME)), "--labels", str(labels_path(NAME)), "--no-autotune",
]  # fmt: skip
INSPECT = ["inspect", *OPTIMIZE[1:4]]
PARTS = {
    "model.onnx", "manifest.json", "labels.json", "structure.json", "certificate.json",
    "report.html",
}  # fmt: skip


def exit_status(words: list[str], out: int, error: int = subprocess.DEVNULL) -> int:
    return subprocess.run(
        [sys.executable, "-m", "mari_engine", *words], stdout=out, stderr=error, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).returncode  # fmt: skip


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """Yield the end to write of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_an_artifact_is_written_though_nobody_reads_the_output(
    closed_pipe: int, tmp_path: Path
) -> None:
    assert exit_status([*OPTIMIZE, "-o", str(tmp_path / "out")], closed_pipe) == 141
    assert {path.name for path in (tmp_path / "out").iterdir()} == PARTS


def test_a_closed_pipe_hides_no_failure(closed_pipe: int, tmp_path: Path) -> None:
    missing = ["inspect", str(tmp_path / "missing.onnx")]
    assert exit_status(missing, closed_pipe, closed_pipe) == 2


@pytest.mark.parametrize("words", [["--help"], INSPECT, [*INSPECT, "--json", "-"]])
def test_output_of_every_way_to_write_it_may_stay_unread(
    words: list[str], closed_pipe: int
) -> None:
    assert exit_status(words, closed_pipe, closed_pipe) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_no_disk_holds_is_told_in_one_line(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with open("/dev/full", "wb") as full, told.open("wb") as error:
        assert exit_status(INSPECT, full.fileno(), error.fileno()) == 2
    assert told.read_text(encoding="utf-8") == (
        "mari: standard output: No space left on device; give it a place that can be written\n"
    )


def test_a_full_disk_is_told_wherever_it_is_met(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mari, "propose_labels", fail)
    assert run(["inspect", str(sample_path(NAME))]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "No space left on device; make room where it writes" in told
