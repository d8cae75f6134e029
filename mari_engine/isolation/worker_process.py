"""One process for strangers' models, as its parent sees it: started, asked, watched, ended."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mari_engine import errors
from mari_engine.errors import LimitError, MariError
from mari_engine.isolation.limits import MEMORY, SECONDS, SWITCH, Limits, slow_seconds
from mari_engine.isolation.messages import TooLarge, read_data, write_message

_LOOK = 0.02
"""Seconds between two looks at a busy process: memory can grow by some GB in a second."""
_PROGRAM = """
import sys
sys.path[:] = {}
from mari_engine.isolation.worker_main import main
main(preload="mari_engine.native")
"""
_LINE = 200


class NativeError(Exception):
    """What a library raised in the other process, in its own words."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        """The class of the library's exception."""


def kind_of(error: Exception) -> str:
    """Return the class of a library's exception, wherever it was raised."""
    return error.kind if isinstance(error, NativeError) else type(error).__name__


@dataclass(frozen=True)
class Request:
    """One call in the other process."""

    target: int | None
    """The kept object whose method is called; None: `what` is a function."""
    what: Callable[..., Any] | str
    args: tuple[Any, ...]
    keep: int | None = None
    """The number under which the result stays there; None: it is returned."""
    dropped: tuple[int, ...] = ()
    """Kept objects that nobody needs any more."""
    room: int = 0
    """Bytes that models which are open may take beyond the limit."""
    about: str = "the model"
    """What the errors name."""


class WorkerProcess:
    """A process that answers one request at a time, and is ended where it takes too much."""

    def __init__(self, limits: Limits) -> None:
        """Start it; its imports go on while the caller works. Raises LimitError."""
        self.limits = limits
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        paths = [path or os.getcwd() for path in sys.path]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM.format(paths)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr,
            )  # fmt: skip
        except OSError as error:
            raise LimitError(
                f"no process can be started for the model ({error.strerror}); end other programs, "
                f"or run it in this one, unprotected, with {SWITCH}=off"
            ) from error
        self._asking = threading.Lock()
        self._busy: tuple[float, float, Request] | None = None
        """When the pending request has to be answered, in how many seconds, and the request."""
        self._spent = 0.0
        self._why: MariError | None = None
        threading.Thread(target=self._watch, name="mari-watch", daemon=True).start()

    def ask(self, request: Request) -> Any:
        """Return the answer; raises what was raised there.

        MariErrors come as they are, others as NativeError. Raises LimitError where the process has
        ended, or was ended for what it took; every later request then raises the same.
        """
        with self._asking:
            if self._why is not None:
                raise self._why
            seconds = self.limits.seconds_with(request.room, spent=self._spent)
            began = time.monotonic()
            self._busy = (began + seconds, seconds, request)
            try:
                kind, value = self._exchange(request, seconds)
            except (EOFError, OSError, TooLarge, pickle.UnpicklingError) as error:
                self._why = self._why or self._reason(request, error)
                self._process.kill()
                raise self._why from None
            finally:
                self._busy = None
                self._spent += slow_seconds(time.monotonic() - began)
        if kind == "done":
            return value
        if kind == "memory":
            self.end(self._too_large(request))
            assert self._why is not None
            raise self._why
        name, text = value
        if kind == "ours":
            raise getattr(errors, name)(text)
        raise NativeError(name, text)

    def end(self, why: MariError) -> None:
        """End it at once, from any thread; pending and later requests raise `why`."""
        self._why = self._why or why
        self._process.kill()

    def close(self) -> None:
        """End it, wait for that, and give its files back."""
        self.end(LimitError("the process for models is closed; open the model again"))
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            with contextlib.suppress(OSError):  # what nobody reads any more may not be flushed
                assert pipe is not None
                pipe.close()

    def _exchange(self, request: Request, seconds: float) -> tuple[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        memory = self.limits.memory + request.room
        what = (request.target, request.what, request.args)
        asked = (*what, request.keep, request.dropped, (seconds, memory))
        write_message(process.stdin, asked)
        kind, value = read_data(process.stdout, most=memory)
        return kind, value

    def _watch(self) -> None:
        """End the process when a request takes too long or too much memory."""
        import psutil

        try:
            seen = psutil.Process(self._process.pid)
            while self._process.poll() is None:
                time.sleep(_LOOK)
                busy = self._busy
                if busy is not None and (why := self._excess(busy, seen.memory_info().rss)):
                    self.end(why)
        except psutil.Error:  # it has ended meanwhile, which the pending request notices
            return

    def _excess(self, busy: tuple[float, float, Request], resident: int) -> LimitError | None:
        deadline, seconds, request = busy
        if time.monotonic() > deadline:
            before = f", after slow ones of {self._spent:.0f} s" if self._spent else ""
            more = 2 * self.limits.seconds_with(request.room)
            return LimitError(
                f"{request.about}: no answer within {seconds:.3g} s{before}, so it was stopped; "
                f"shorten its loops or tensors, or allow more seconds: {SECONDS}={more:.0f}"
            )
        if resident > self.limits.memory + request.room:
            return self._too_large(request)
        return None

    def _too_large(self, request: Request) -> LimitError:
        gib = self.limits.memory / (1 << 30)
        return LimitError(
            f"{request.about}: takes more than {gib:.1f} GiB beyond its own size, so it was "
            f"stopped; make its tensors smaller, or allow more GiB: {MEMORY}={2 * gib:.0f}"
        )

    def _reason(self, request: Request, error: Exception) -> LimitError:
        """Return why a request was not answered, when nobody ended the process on purpose."""
        if isinstance(error, TooLarge):
            return self._too_large(request)
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        how = _status_in_words(status)
        last = self._last_line()
        return LimitError(
            f"{request.about}: ended the process that ran it ({how}{last and ': '}{last}); the "
            "runtime cannot take this model: mend or replace the operator that is named, or use "
            "another version of onnxruntime"
        )

    def _last_line(self) -> str:
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, self._stderr.tell() - 4096))
        lines = self._stderr.read().decode(errors="replace").split("\n")
        return next((line.strip()[:_LINE] for line in reversed(lines) if line.strip()), "")


def _status_in_words(status: int) -> str:
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"exit status {status:#x}" if status > 255 else f"exit status {status}"
