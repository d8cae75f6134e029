"""A program killed at each of its writes in turn.

`PYTHONPATH=tests python -m support.kill_points KIND FOLDER` prints one JSON line for each write:
what the folder then holds, and what is read from it.
KIND is what the folder held before: nothing, an artifact, one with a stranger's file, or folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mari_engine.artifact import load_artifact, save_artifact
from mari_engine.errors import MariError
from mari_engine.loading import load
from mari_engine.pipeline import OptimizeResult, optimize
from mari_engine.types import InputLabel, Labels, Role
from support.builders import ranking_tower

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
CALLS = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod", "os.chown",
    "os.truncate", "os.utime", "os.setxattr", "ctypes.call_function",
}  # fmt: skip
"""Audit events of what changes the disk, besides files opened for writing."""


def results() -> tuple[OptimizeResult, OptimizeResult]:
    """Return two results that differ: a compact one and a drop-in."""
    model = load(ranking_tower(user=64, item=8, hidden=16), name="ranker")
    return optimize(model, LABELS, signature="compact"), optimize(model, LABELS)


def prepare(kind: str, target: Path, old: OptimizeResult) -> None:
    """Make what the folder holds before the save."""
    if kind == "nothing":
        return
    save_artifact(old, target)
    if kind == "stranger's file":
        (target / "notes.txt").write_text("mine")
    if kind == "folder":
        (target / "notes").mkdir()
        (target / "notes/notes.txt").write_text("mine")


def killed_at(number: int, save: Any) -> bool:
    """Let a child save, killed at its write of this number; return True where it ended."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal seen
            opened = event == "open" and isinstance(arguments[2], int)
            if event in CALLS or (opened and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        save()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def contents(target: Path) -> dict[str, bytes]:
    """Return the files that whoever looks into the folder sees."""
    shown = sorted(target.rglob("*")) if target.is_dir() else []
    own = [path for path in shown if ".mari-" not in str(path.relative_to(target))]
    return {str(path.relative_to(target)): path.read_bytes() for path in own if path.is_file()}


def name_state(target: Path, before: dict[str, bytes]) -> str:
    """Return what the folder holds: nothing new, "old", "new", or "incomplete"."""
    if contents(target) == before:
        return "old"
    if "manifest.json" not in contents(target):
        return "incomplete"
    return str(json.loads((target / "manifest.json").read_text())["signature"])


def name_read(target: Path) -> str:
    """Return the signature of the artifact that is read, or "refused"."""
    try:
        return str(load_artifact(target).signature)
    except MariError:
        return "refused"


def outcomes(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what is there after each kill, and after the next save."""
    old, new = results()
    target, number, done = folder / "out", 0, False
    while not done:
        number += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prepare(kind, target, old)
        before = contents(target)
        done = killed_at(number, lambda: save_artifact(new, target))
        state, read = name_state(target, before), name_read(target)
        mine = {name for name in contents(target) if "notes" in name}
        save_artifact(old, target)
        left = [path.name for path in folder.rglob(".mari-*")]
        yield {"done": done, "state": state, "read": read, "mine": sorted(mine), "left": left}


if __name__ == "__main__":
    for outcome in outcomes(sys.argv[1], Path(sys.argv[2])):
        print(json.dumps(outcome), flush=True)
