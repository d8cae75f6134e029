"""What tests run in the process for models: it must be importable there."""

from __future__ import annotations

import os
import sys
import time
import weakref

import numpy as np

from mari_engine.errors import FeedError

_ALIVE: weakref.WeakSet[Counter] = weakref.WeakSet()


class Counter:
    """An object that stays there."""

    def __init__(self, start: int) -> None:
        self.at = start
        _ALIVE.add(self)

    def step(self, by: int) -> int:
        self.at += by
        return self.at

    def twin(self) -> Counter:
        return Counter(self.at)


def alive() -> int:
    return len(_ALIVE)


def pid() -> int:
    return os.getpid()


def echo(value: object) -> object:
    return value


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def fill(size: int) -> None:
    """Hold so many bytes for longer than any test waits."""
    held = np.ones(size, np.uint8)
    time.sleep(60)
    del held


def abort() -> None:
    os.write(2, b"first line\n")
    os.write(1, b"printed by a library\n")
    os.write(2, b"Gru: axis of 0\n\n")
    os.abort()


def leave() -> None:
    sys.stderr.flush()
    os._exit(3)


def refuse() -> None:
    raise FeedError("x: has no rows; give some")


def fail() -> None:
    raise KeyError("a library's")


def hand_back_code() -> object:
    return os.getcwd
