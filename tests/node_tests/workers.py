"""Node tests in processes of their own, so that an abort or a run without end is one test's."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue

from .case_runs import run_case
from .cases import NodeCase
from .outcomes import Outcome, Run

SECONDS = 300.0
"""How long one test may take."""
MEMORY = 8 << 30
"""Bytes of address space that a process may have."""


class _Worker:
    """A child process that runs one test after the other, and is replaced where it ends."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def run(self, case: NodeCase, seconds: float) -> list[Run]:
        if self._pipe is None:
            self._start()
        assert self._pipe is not None
        try:
            self._pipe.send(case)
            if self._pipe.poll(seconds):
                runs: list[Run] = self._pipe.recv()
                return runs
            reason = f"no end within {seconds:g} s"
        except (EOFError, OSError):
            assert self._process is not None
            self._process.join()
            reason = f"the process ended with status {self._process.exitcode}"
        self.stop()
        return [Run(case.name, "", "", Outcome.CRASH, reason)]

    def stop(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()


def _serve(pipe: Connection) -> None:
    """Answer each test with its runs, until the other end is closed."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        try:
            case = pipe.recv()
        except EOFError:
            return
        pipe.send(run_case(case))


def run_all(
    cases: Sequence[NodeCase],
    *,
    jobs: int = 1,
    seconds: float = SECONDS,
    tell: Callable[[list[Run]], None] = lambda runs: None,
) -> list[Run]:
    """Return the runs of all tests, in `jobs` processes, each test within so many seconds."""
    waiting: SimpleQueue[NodeCase] = SimpleQueue()
    for case in cases:
        waiting.put(case)
    with ThreadPoolExecutor(jobs) as pool:
        done = [pool.submit(list, _drain(waiting, seconds, tell)) for _ in range(jobs)]
    return sorted((run for each in done for run in each.result()), key=lambda run: run.case)


def _drain(
    waiting: SimpleQueue[NodeCase], seconds: float, tell: Callable[[list[Run]], None]
) -> Iterator[Run]:
    worker = _Worker()
    try:
        while True:
            try:
                case = waiting.get_nowait()
            except Empty:
                return
            runs = worker.run(case, seconds)
            tell(runs)
            yield from runs
    finally:
        worker.stop()
