"""What a new process does: help without the engine, and the first two commands of a newcomer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mari_engine.__main__ import command_line, run

ROOT = Path(__file__).parents[3]
HEAVY = ("jinja2", "numpy", "onnx", "onnx_ir", "onnxruntime", "pyarrow", "sympy", "mari_engine.api")
COMMANDS = (
    "samples", "labels", "inspect", "optimize", "verify", "check", "diff", "bench", "load",
    "calibrate", "report", "offload", "items", "triton", "app", "fuzz",
)  # fmt: skip


def in_a_new_process(*words: str, cwd: Path) -> str:
    """Run Python in a folder, and return what it prints; it must succeed, and complain of nothing.

    The folder is not the checkout's, so what runs is found as an installed program finds it.
    """
    done = subprocess.run(
        [sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_help_of_every_command_imports_nothing_heavy(tmp_path: Path) -> None:
    program = f"""
import sys
from mari_engine.__main__ import run
for words in ([], *([name] for name in {COMMANDS})):
    assert run([*words, "--help"]) == 0
print("imported:", [name for name in {HEAVY} if name in sys.modules])
"""
    out = in_a_new_process("-c", program, cwd=tmp_path)
    assert out.count("Usage: mari") == len(COMMANDS) + 1
    assert out.endswith("imported: []\n")


def test_help_names_each_command_in_a_whole_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_the_first_two_commands_work_in_a_clean_folder(tmp_path: Path) -> None:
    samples = "samples -o s"
    optimize = "optimize s/dlrm.onnx --labels s/dlrm.labels.json -o out"
    assert f"mari {samples}, then mari {optimize}" in str(command_line.info.epilog)
    in_a_new_process("-m", "mari_engine", *samples.split(), cwd=tmp_path)
    out = in_a_new_process("-m", "mari_engine", *optimize.split(), cwd=tmp_path)
    lines = out.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("dlrm: ")
    assert " at 500 candidates (timed on this machine, one thread: " in lines[0]
    assert lines[1].startswith("FLOPs per request: ")
    assert lines[2].startswith("Lossless: the same numbers, if these labels are true (")
    assert lines[3].startswith("Vouched for: ")
    assert lines[6].startswith("Written to out; open report.html there.")
    assert json.loads((tmp_path / "out" / "certificate.json").read_text())["passed"] is True
