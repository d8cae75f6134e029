"""Where strangers' models run: in the caller's process, or, within `isolated()`, in another."""

from __future__ import annotations

import atexit
import itertools
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from mari_engine.errors import Cancelled, LimitError, MariError
from mari_engine.isolation.limits import Limits, is_switched_off, limits_of_environment
from mari_engine.isolation.worker_process import Request, WorkerProcess


class Hosted(Protocol):
    """An object that lies where models run."""

    def call(self, method: str, *args: Any) -> Any:
        """Return what its method returns: plain values and arrays."""

    def make(self, method: str, *args: Any) -> Hosted:
        """Return the object that its method returns, which stays there too."""


@dataclass(frozen=True)
class _Here:
    """An object of the caller's own process."""

    own: Any

    def call(self, method: str, *args: Any) -> Any:
        return getattr(self.own, method)(*args)

    def make(self, method: str, *args: Any) -> Hosted:
        return _Here(getattr(self.own, method)(*args))


class Isolation:
    """A process for the models of one piece of work, started when it is first needed.

    What ends it (a limit, an abort, `cancel`) is what all later calls raise, and `isolated` too,
    so that code which takes any failure for an ordinary answer cannot hide it.
    """

    def __init__(self, limits: Limits, *, ahead: bool = False) -> None:
        self.failure: MariError | None = None
        self._limits = limits
        self._ahead = ahead
        self._process: WorkerProcess | None = None
        self._starting = threading.Lock()
        self._numbers = itertools.count()
        self._rooms: dict[int, int] = {}
        self._unused: deque[int] = deque()
        """Numbers of objects to be dropped: finalizers may run at any time, within a call too."""
        self._beside: list[Isolation] = []

    def start(self) -> WorkerProcess:
        """Return the process, started if it is not; raises what ended it."""
        with self._starting:
            if self.failure is not None:
                raise self.failure
            if self._process is None:
                self._process = _take_process(self._limits, ahead=self._ahead)
            return self._process

    def beside(self) -> Isolation:
        """Return another one, its process started now, for what may end it; it ends with this."""
        other = Isolation(self._limits)
        with self._starting:
            if self.failure is not None:
                raise self.failure
            self._beside.append(other)
        other.start()
        return other

    @contextmanager
    def used(self) -> Iterator[None]:
        """Run here the models of what is called within."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def cancel(self) -> None:
        """End the process at once, from any thread: what waits for it raises Cancelled."""
        for other in tuple(self._beside):
            other.cancel()
        with self._starting:
            self.failure = self.failure or Cancelled("stopped by the user")
            if self._process is not None:
                self._process.end(self.failure)

    def close(self) -> None:
        """End the process and wait for that."""
        for other in self._beside:
            other.close()
        with self._starting:
            if self._process is not None:
                self._process.close()

    def call(self, what: Callable[..., Any] | str, *args: Any, about: str, on: int | None) -> Any:
        """Return what a function, or a method of the kept object `on`, returns there."""
        return self._ask(what, args, about=about, on=on, keep=None)

    def make(
        self, what: Callable[..., Any] | str, *args: Any, about: str, on: int | None, room: int
    ) -> Hosted:
        """Return the object that it returns there; `room` as in `make`."""
        number = next(self._numbers)
        self._rooms[number] = room
        try:
            self._ask(what, args, about=about, on=on, keep=number)
        except BaseException:
            self._rooms.pop(number, None)
            raise
        made = _There(self, number, about)
        weakref.finalize(made, self._unused.append, number)
        return made

    def _ask(
        self, what: Callable[..., Any] | str, args: Any, *, about: str, on: int | None,
        keep: int | None,
    ) -> Any:  # fmt: skip
        process = self.start()
        dropped = [self._unused.popleft() for _ in range(len(self._unused))]
        for number in dropped:
            self._rooms.pop(number, None)
        room = sum(self._rooms.values())
        request = Request(on, what, args, keep, tuple(dropped), room, about)
        try:
            return process.ask(request)
        except (LimitError, Cancelled) as error:
            self.failure = self.failure or error
            raise


@dataclass(frozen=True, eq=False)
class _There:
    """An object of the other process."""

    place: Isolation
    number: int
    about: str

    def call(self, method: str, *args: Any) -> Any:
        return self.place.call(method, *args, about=self.about, on=self.number)

    def make(self, method: str, *args: Any) -> Hosted:
        return self.place.make(method, *args, about=self.about, on=self.number, room=0)


_CURRENT: ContextVar[Isolation | None] = ContextVar("mari-isolation", default=None)
_SPARE: deque[WorkerProcess] = deque()
_SPARING = threading.Lock()
"""Held while a process is taken and its successor started: two threads would start two."""


@contextmanager
def isolated(
    *, seconds: float | None = None, memory: int | None = None, ahead: bool = False
) -> Iterator[Isolation]:
    """Run the models of what is called within in a process of their own, with limits.

    `seconds` is how long a call may take without an answer (default 30, or MARI_SECONDS), `memory`
    the bytes that the process may take beyond the models' own size (default 3 GiB, or MARI_MEMORY
    in GiB); a model's size adds to both. With `ahead` a process for the next use is started too.
    Within another `isolated`, or with MARI_ISOLATION=off, nothing changes. Raises LimitError where
    a model took more, or ended the process, also where that was taken for an ordinary failure.
    """
    outer = _CURRENT.get()
    default = limits_of_environment()
    place = outer or Isolation(
        Limits(seconds or default.seconds, memory or default.memory), ahead=ahead
    )
    if outer is not None or is_switched_off():
        yield place
        return
    token = _CURRENT.set(place)
    try:
        yield place
    except Exception as error:
        if place.failure is not None and not isinstance(error, type(place.failure)):
            raise place.failure from error
        raise
    finally:
        _CURRENT.reset(token)
        place.close()
    if place.failure is not None:
        raise place.failure


def open_isolation() -> Isolation | None:
    """Return a process with the usual limits that lasts until it is closed, for `used` blocks.

    None with MARI_ISOLATION=off. For programs that call into the engine again and again, such as
    the workers of a cluster.
    """
    return None if is_switched_off() else Isolation(limits_of_environment())


def start_beside() -> Isolation | None:
    """Return a further process, started now; None where models run in the caller's own."""
    place = _CURRENT.get()
    return None if place is None else place.beside()


def start_ahead() -> None:
    """Start the current process now, if models run in one: it is ready when it is needed."""
    place = _CURRENT.get()
    if place is not None:
        place.start()


def call(function: Callable[..., Any], *args: Any, about: str) -> Any:
    """Return what a module's function returns where models run; `about` is named in errors.

    In another process arguments are copied, results are plain values and arrays, and errors that
    are not the engine's come as NativeError.
    """
    place = _CURRENT.get()
    return function(*args) if place is None else place.call(function, *args, about=about, on=None)


def make(function: Callable[..., Any], *args: Any, about: str, room: int = 0) -> Hosted:
    """Return the object that a module's function makes where models run, kept there.

    `room` are the bytes that it may take beyond the limit, for as long as it is kept.
    """
    place = _CURRENT.get()
    if place is None:
        return _Here(function(*args))
    return place.make(function, *args, about=about, on=None, room=room)


def _take_process(limits: Limits, *, ahead: bool) -> WorkerProcess:
    with _SPARING:
        taken = _SPARE.popleft() if _SPARE else WorkerProcess(limits)
        taken.limits = limits
        if ahead and not _SPARE:
            _SPARE.append(WorkerProcess(limits))
    return taken


@atexit.register
def _end_spare() -> None:
    while _SPARE:
        _SPARE.pop().close()
