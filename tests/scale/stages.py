"""The child process: builds one model and tells, line by line, what each stage took."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import mari_engine as mari

from .shapes import build

T = TypeVar("T")

MEMORY = 16 << 30
"""Bytes of address space; beyond it Python raises MemoryError."""


def main() -> None:
    """Print one JSON line for each stage: seconds, peak memory in bytes, an error.

    `processor` are the seconds that this process itself ran, without its children and without
    waiting: what to compare on a machine that does other things as well.
    """
    shape, size, checked = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "checked"
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    subject = build(shape, size)
    model = _measure("load", lambda: mari.load(subject.model, name=shape))
    labels = subject.labels
    if isinstance(labels, str):
        text = labels
        labels = _measure("read labels", lambda: mari.Labels.from_json(text))
    _measure("propose", lambda: mari.propose_labels(model))
    known = labels
    planned = _measure("plan", lambda: mari.plan(model, known, candidates=100))
    _measure("describe", lambda: mari.describe(planned.original))
    if checked:
        result = _measure(
            "optimize", lambda: mari.optimize(model, known, candidates=100, autotune=False)
        )
        with tempfile.TemporaryDirectory() as folder:
            _measure("save", lambda: result.save(Path(folder) / "out"))


def _measure(stage: str, work: Callable[[], T]) -> T:
    began, busy = time.perf_counter(), time.process_time()
    error = ""
    try:
        return work()
    except mari.MariError as refusal:
        error = str(refusal)
        raise SystemExit(0) from refusal
    except BaseException as failure:
        error = f"{type(failure).__name__}: {failure}"[:300]
        raise SystemExit(1) from failure
    finally:
        seconds, processor = time.perf_counter() - began, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        row = {"stage": stage, "seconds": seconds, "processor": processor, "peak": peak}
        print(json.dumps({**row, "error": error}), flush=True)


if __name__ == "__main__":
    main()
