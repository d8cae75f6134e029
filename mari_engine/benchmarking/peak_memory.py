"""Peak memory of a session in bytes, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mari_engine.benchmarking import memory_probe
from mari_engine.errors import MariError
from mari_engine.graph import Model
from mari_engine.runtime import serialize_for_runtime
from mari_engine.types import Feeds

_LONGEST = 120


def measure_peak_memory(
    model: Model, requests: Sequence[Feeds], *, threads: int
) -> list[int] | None:
    """Return the peak of CPU memory in bytes after each request, in order, or None.

    Counted is what the session adds: weights, buffers, and the touched pages of mapped tables.
    None where no such process can be started or the model cannot be handed to it.
    """
    try:
        data, entries = serialize_for_runtime(model)
        with tempfile.TemporaryDirectory(prefix="mari-") as name:
            return _probe(Path(name), data, entries, requests, threads)
    except (OSError, ValueError, MariError, subprocess.SubprocessError):
        return None


def _probe(
    folder: Path, data: bytes, entries: Mapping[str, str], requests: Sequence[Feeds], threads: int
) -> list[int]:
    (folder / "model.onnx").write_bytes(data)
    for at, feeds in enumerate(requests):
        # Inputs may have any name, also one that savez gives a meaning.
        arrays = {f"input{number}": array for number, array in enumerate(feeds.values())}
        np.savez(folder / f"{at}.npz", allow_pickle=False, **arrays)
    settings = {
        "names": [list(feeds) for feeds in requests],
        "threads": threads,
        "entries": entries,
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", memory_probe.__file__, str(folder)],
        capture_output=True,
        check=True,
        text=True,
        timeout=_LONGEST,
    )
    return [int(peak) for peak in json.loads(done.stdout)]
