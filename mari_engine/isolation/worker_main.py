"""The process that runs strangers' models: answers its parent's requests, one after the other.

It imports what a request names, and nothing of the engine besides: native code's own side is
preloaded while the parent still works.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from mari_engine.errors import MariError
from mari_engine.isolation.messages import read_message, write_message

_SLACK = 256 << 20
"""Bytes for the stacks of threads and other data that a process has beside what a model takes."""
_REFUSED_MEMORY = ("BFCArena::AllocateRawInternal", "Failed to allocate memory", "bad allocation")
"""What onnxruntime says where the system gives it no more memory."""
_GRACE = 10
"""Seconds beyond a call's limit after which this process ends itself: its parent is gone."""


def main(*, preload: str) -> None:
    """Serve until the parent closes the pipe; a module is imported before it is asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    requests, answers = _take_pipes()
    _make_expendable()
    importlib.import_module(preload)
    unladen = _data_bytes()
    kept: dict[int, Any] = {}
    while True:
        try:
            request = read_message(requests)
        except EOFError:
            return
        write_message(answers, _answer(request, kept, unladen))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes; what libraries print goes to stderr, and what they read is empty."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return requests, answers


def _make_expendable() -> None:
    """Write no core file when aborted, and be the first to end when the machine's memory does."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _data_bytes() -> int:
    """Return the bytes of this process's own data; 0 where the system does not tell."""
    with suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _limit_data(bytes_more: int, unladen: int) -> None:
    """Have the system refuse memory beyond a limit: a look every now and then may come too late."""
    if not unladen:
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = unladen + bytes_more + bytes_more // 4 + _SLACK  # arenas reserve more than they fill
    resource.setrlimit(
        resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _answer(request: Any, kept: dict[int, Any], unladen: int) -> tuple[str, Any]:
    """Carry out `(target, what, args, keep, dropped, limits)`; return its result or its error.

    `what` is a function, or the name of a method of the kept object `target`. With `keep` the
    result stays here, under that number.
    """
    target, what, args, keep, dropped, (seconds, memory) = request
    for number in dropped:
        kept.pop(number, None)
    _limit_data(memory, unladen)
    if hasattr(signal, "alarm"):  # whose default ends the process, also while native code runs
        signal.alarm(int(seconds) + _GRACE)
    try:
        result = (what if target is None else getattr(kept[target], what))(*args)
    except MariError as error:
        return "ours", (type(error).__name__, str(error))
    except MemoryError:
        return "memory", None
    except Exception as error:  # libraries raise whatever comes up
        if any(words in str(error) for words in _REFUSED_MEMORY):
            return "memory", None
        return "theirs", (type(error).__name__, str(error) or type(error).__name__)
    finally:
        if hasattr(signal, "alarm"):
            signal.alarm(0)
    if keep is None:
        return "done", result
    kept[keep] = result
    return "done", None
