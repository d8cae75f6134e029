"""Locks on folders, which end with the process that holds them; none where the system has none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]


_NO_SURPRISE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags: no link is followed, and a pipe is not waited for."""


@contextlib.contextmanager
def locked(*folders: Path, shared: bool = False) -> Iterator[None]:
    """Wait until nobody else holds these folders, outer ones first, and hold them."""
    with contextlib.ExitStack() as stack:
        for folder in folders:
            stack.callback(_close, hold(folder, wait=True, shared=shared))
        yield


def reading(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Wait until nobody replaces what is in this folder, and keep it so."""
    real = Path(os.path.realpath(folder))
    return locked(real.parent, real, shared=True)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder alone; raises BlockingIOError where somebody else holds it."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | _NO_SURPRISE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)


def hold(path: Path, *, wait: bool, shared: bool = False) -> int | None:
    """Return the descriptor of a file or folder that is now locked, to be closed.

    None where it is held by somebody else, and `wait` is False, or where it cannot be locked.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_SURPRISE)
    except OSError:
        return None
    if fcntl is not None:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, how if wait else how | fcntl.LOCK_NB)
            return descriptor
        except OSError:
            pass
    os.close(descriptor)
    return None


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
