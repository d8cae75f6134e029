"""Processes that examine cases, one after another: what ends a process ends one case only."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from mari_engine.fuzzing.cases import case_of
from mari_engine.fuzzing.examination import Examination, Outcome, examine
from mari_engine.fuzzing.failures import Failure
from mari_engine.fuzzing.shrinking import shrink
from mari_engine.types import Signature

_SHRINKING = 60.0
"""Seconds that making a failing case smaller may take."""
LONGEST = 120.0
"""Seconds of processor time after which a case is taken for one that never ends, shrinking too."""
_IDLE = 1_800.0
"""Seconds after which it is, whatever its processor time: other programs may have taken theirs."""
_CLOCK = getattr(signal, "SIGPROF", None)
"""What ends a process whose processor time is spent; Windows has none."""


@dataclass(frozen=True, eq=False)
class Examined:
    """What became of a seed's case; `failure` where the engine is at fault."""

    seed: int
    examination: Examination
    failure: Failure | None = None


def examine_seed(seed: int, signatures: tuple[Signature, ...] = tuple(Signature)) -> Examined:
    """Return what becomes of the case of a seed, shrunk where it fails."""
    case = case_of(seed, signatures)
    found = examine(case)
    if not found.outcome.failed:
        return Examined(seed, found)
    smallest, shrunk = shrink(case, found, seconds=_SHRINKING)
    return Examined(seed, found, Failure(seed, found, smallest, shrunk))


def examine_seeds(
    seeds: Iterator[int],
    jobs: int,
    *,
    signatures: tuple[Signature, ...] = tuple(Signature),
    seconds: float = LONGEST,
) -> Iterator[Examined]:
    """Yield what becomes of each seed's case, as they end; `jobs` processes work at a time.

    A process that ends, or that does not end in so many seconds of its own, is a crash of the case
    that it had.
    """
    workers: dict[Connection, _Worker] = {}
    try:
        for _ in range(jobs):
            worker = _Worker(signatures, seconds)
            if worker.take(next(seeds, None)):
                workers[worker.connection] = worker
        while workers:
            ready = wait(list(workers), timeout=1.0)
            late = [one.connection for one in workers.values() if one.is_late]
            for connection in (*ready, *(each for each in late if each not in ready)):
                assert isinstance(connection, Connection)
                worker = workers.pop(connection)
                yield worker.result()
                worker = worker if worker.process.is_alive() else _Worker(signatures, seconds)
                if worker.take(next(seeds, None)):
                    workers[worker.connection] = worker
    finally:
        for worker in workers.values():
            worker.end()


class _Worker:
    """A process with a case."""

    def __init__(self, signatures: tuple[Signature, ...], seconds: float) -> None:
        self._seconds = seconds
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_work, args=(theirs, signatures, seconds), daemon=True
        )
        self._seed = -1
        self._began = 0.0
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()

    def take(self, seed: int | None) -> bool:
        """Give the process a case; without one it ends, and False is returned."""
        if seed is None:
            self.end()
            return False
        self._seed, self._began = seed, time.monotonic()
        self.connection.send(seed)
        return True

    @property
    def is_late(self) -> bool:
        """True where the case takes longer than any should."""
        return time.monotonic() - self._began > (self._seconds if _CLOCK is None else _IDLE)

    def result(self) -> Examined:
        """Return what the process found, or that it ended or had to be ended."""
        try:
            if self.connection.poll():
                found = self.connection.recv()
                assert isinstance(found, Examined)
                return found
            reason = f"no end within {self._seconds:g} s"
        except EOFError:
            self.process.join()
            status = self.process.exitcode or 0
            reason = f"the process ended with status {status}"
            if _CLOCK is not None and status == -_CLOCK:
                reason = f"no end within {self._seconds:g} s of processor time"
        self.end()
        found = Examination(Outcome.CRASH, reason, "process")
        return Examined(self._seed, found, Failure(self._seed, found, case_of(self._seed), found))

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.terminate()
        self.process.join()
        self.connection.close()


def _work(connection: Connection, signatures: tuple[Signature, ...], seconds: float) -> None:
    """Examine what comes through a connection until nothing does."""
    try:
        while True:
            seed = connection.recv()
            if _CLOCK is not None:
                signal.setitimer(signal.ITIMER_PROF, seconds)
            connection.send(examine_seed(seed, signatures))
    except EOFError:
        return
