"""Small files that ask for too much: one line with a remedy and exit status 2, within bounds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from support.bombs import watch, write_bomb

ROOT = Path(__file__).parents[3]
NATIVE = {
    "a constant of 3 * 10^9": "model: takes more than 0.5 GiB beyond its own size",
    "a range of 10^12": "model: takes more than 0.5 GiB beyond its own size",
    "tiles to 10^12": "not checked: the original itself refuses generated requests",
    "a loop of 10^9 rounds": "model: no answer within 3 s, so it was stopped; shorten its loops",
    "a recurrence over nothing": "model: ended the process that ran it (SIG",
    "an einsum of whole numbers": "model: takes more than 0.5 GiB beyond its own size",
    "an expansion to 10^12": "model: takes more than 0.5 GiB beyond its own size",
}
"""What runs in a process of its own, here with tighter limits than the usual ones."""
READ = {
    "functions that make 2^15 nodes": "its functions make 32776 nodes of ",
    "functions that make 2^24 nodes": "16777224 nodes; the engine takes at most 200000",
    "functions nested 900 deep": "nested too deep; inline them before the export",
    "an input of 2 * 10^6 columns": "256000000 elements in a request of 128 rows, more than",
    "an input of 2 * 10^9 columns": "256000000000 elements in a request of 128 rows, more than",
    "labels nested deep": "is not JSON (nested deeper than 64); mend it",
    "a huge range": "is not JSON (a number of 401 digits); mend it",
    "an infinite range": "is not JSON (Infinity is no JSON number); mend it",
    "a range beyond floats": "input 'u': 'range' must lie between -2^63 and 2^63",
    "a range beyond whole numbers": "input 'u': 'range' must lie between -2^63 and 2^63",
    "a request with a false header": "request.npz: cannot be read (",
    "an encrypted request": "request.npz: cannot be read (File 'u.npy' is encrypted",
    "a request of an unknown compression": "request.npz: cannot be read (That compression",
}


@pytest.mark.parametrize("name", NATIVE)
def test_a_model_that_takes_too_much_is_stopped(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mari_engine", *write_bomb(name, tmp_path)], cwd=tmp_path,
        capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MARI_SECONDS": "3", "MARI_MEMORY": "0.5"},
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert done.stderr.startswith(f"mari: {NATIVE[name]}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", READ)
def test_what_cannot_be_held_is_refused_before_it_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARI_ISOLATION", "off")
    monkeypatch.chdir(tmp_path)
    assert run(write_bomb(name, tmp_path)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert READ[name] in line


def test_what_the_process_for_a_model_takes_is_measured_with_its_parents() -> None:
    inner = "import time; held = bytearray(300 << 20); time.sleep(3)"
    outer = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen([sys.executable, "-c", outer, inner]) as child:
        assert watch(child) > 300 << 20
