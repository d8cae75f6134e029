"""All models of a folder, each measured in a child process, so that none can end the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from corpus.measuring import Settings
from corpus.rows import Row, row_from

COMPACT_EACH = 3
"""Of so many models one is checked by its compact signature, too."""


def measure_all(
    paths: Sequence[Path],
    settings: Settings,
    *,
    seconds: float,
    done: Callable[[str], bool] = lambda name: False,
) -> Iterator[Row]:
    """Yield a row for each model that is not done yet, each within so many seconds."""
    for at, path in enumerate(paths):
        if done(path.stem):
            continue
        few = settings.checks if at % COMPACT_EACH == 0 else settings.checks[:1]
        yield _measure(path, replace(settings, checks=few), seconds)


def _measure(path: Path, settings: Settings, seconds: float) -> Row:
    command = [sys.executable, "-m", "corpus.measuring", str(path), json.dumps(asdict(settings))]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=paths)
    except subprocess.TimeoutExpired:
        return Row(model=path.stem, error=f"no end within {seconds:g} s")
    if child.returncode:
        last = (child.stderr.strip().splitlines() or [""])[-1]
        return Row(model=path.stem, error=f"ended with status {child.returncode}: {last}"[:500])
    return row_from(json.loads(child.stdout))
