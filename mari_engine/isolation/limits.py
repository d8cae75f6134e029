"""Limits of a stranger's model: seconds without an answer, bytes of memory, where they are set."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mari_engine.errors import LimitError

SECONDS, MEMORY, SWITCH = "MARI_SECONDS", "MARI_MEMORY", "MARI_ISOLATION"
"""The environment's variables: seconds, GiB, and "off" to run models in the caller's process."""

_GIB = 1 << 30
_SLOW = 4.0
"""Seconds from which on a call counts towards what all slow calls may take together."""
_SLOW_CALLS = 1.2
"""How many times the seconds of one call that is."""
_BYTES_PER_SECOND = 10**8
"""A model may take a second more for each 100 MB of room: reading it takes time."""


@dataclass(frozen=True)
class Limits:
    """What one call may take; models get room for their own size on top."""

    seconds: float = 30.0
    """Without an answer."""
    memory: int = 3 * _GIB
    """Bytes, of the process that runs the model, and of one answer."""

    def seconds_with(self, room: int, *, spent: float = 0.0) -> float:
        """Return the seconds for models whose own size asks for so many bytes of room.

        `spent` are those of earlier slow calls: a model that takes nearly as long as it may, again
        and again, is stopped, too.
        """
        seconds = self.seconds + room / _BYTES_PER_SECOND
        return min(seconds, max(_SLOW_CALLS * seconds - spent, min(_SLOW, seconds)))


def slow_seconds(taken: float) -> float:
    """Return what a call's seconds add to those of slow calls."""
    return taken if taken >= _SLOW else 0.0


def limits_of_environment() -> Limits:
    """Return the limits that the environment sets, else the defaults.

    Raises LimitError for a value that is not a positive number.
    """
    seconds = _number(SECONDS, Limits.seconds)
    return Limits(seconds, round(_number(MEMORY, Limits.memory / _GIB) * _GIB))


def is_switched_off() -> bool:
    """Return True where the environment asks for models to run in the caller's process."""
    return os.environ.get(SWITCH, "").lower() in ("off", "0")


def _number(name: str, default: float) -> float:
    text = os.environ.get(name)
    if text is None:
        return default
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise LimitError(f"{name}={text!r} is not a positive number; write for instance {name}=60")
    return found
