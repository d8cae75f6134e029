"""Long work in a thread of its own, to be watched and cancelled from any rerun."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Literal, TypeVar

from mari_engine import Cancelled, Isolation, MariError, Progress, isolated

T = TypeVar("T")
State = Literal["waiting", "running", "done", "failed", "cancelled"]

_ALONE = threading.Lock()
"""Held by the one job of this server that must not be disturbed."""
_DRAWN: set[object] = set()
"""One for each page that is being drawn and must not be held up."""
_POLL = 0.2
"""Seconds between two looks at whether a waiting job was cancelled."""
_REST = 0.02
"""Seconds between two looks of a resting job at whether it may go on."""

log = logging.getLogger(__name__)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let jobs rest, from their next report on, while somebody waits for what is made within.

    What is made within must not wait for a job.
    """
    own = object()
    _DRAWN.add(own)
    try:
        yield
    finally:
        _DRAWN.discard(own)


class Job(Generic[T]):
    """One piece of work, started at once; its fields may be read at any time.

    A job that runs `alone` waits until no other such job runs on this server, in any session:
    two benchmarks at once would measure each other.
    """

    def __init__(self, run: Callable[[Progress], T], *, alone: bool = False) -> None:
        self.state: State = "waiting" if alone else "running"
        self.share = 0.0
        self.message = ""
        self.result: T | None = None
        self.error = ""
        """Why it failed, in one line; empty unless `state` is "failed"."""
        self._began = time.monotonic()
        self._ended: float | None = None
        self._run = run
        self._alone = alone
        self._cancelled = threading.Event()
        self._process: Isolation | None = None
        """Where its models run, once it has begun."""
        self._thread = threading.Thread(target=self._work, name="mari-job", daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        """True until the work has ended, in whichever way."""
        return self.state in ("waiting", "running")

    @property
    def elapsed(self) -> float:
        """Seconds since it was started, until it ended; waiting for its turn included."""
        return (self._ended or time.monotonic()) - self._began

    def cancel(self) -> None:
        """Stop the work: at its next report of progress, or at once where a model runs."""
        self._cancelled.set()
        if self._process is not None:
            self._process.cancel()

    def wait(self, seconds: float) -> None:
        """Return when the work has ended, or after this long."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            if self._alone:
                self._take_turn()
            try:
                self.state = "running"
                with isolated(ahead=True) as self._process:
                    self._stop_if_cancelled()
                    result = self._run(self._report)
                self.result = result
                self.state = "done"
            finally:
                if self._alone:
                    _ALONE.release()
        except Cancelled:
            self.state = "cancelled"
        except MariError as error:
            self._fail(str(error))
        except Exception as error:  # a thread's error has no other way to reach the page
            log.exception("a job failed")
            self._fail(f"unexpected {type(error).__name__}; the server's log says more")
        finally:
            self._ended = time.monotonic()

    def _take_turn(self) -> None:
        self.message = "waiting for another session's benchmark to end"
        while not _ALONE.acquire(timeout=_POLL):
            self._stop_if_cancelled()

    def _report(self, share: float, message: str) -> None:
        self._stop_if_cancelled()
        while _DRAWN:
            time.sleep(_REST)
            self._stop_if_cancelled()
        self.share = min(1.0, max(0.0, share))
        self.message = message

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("stopped by the user")

    def _fail(self, error: str) -> None:
        self.error = error
        self.state = "failed"
