"""Limits of a stranger's model: seconds without an answer, bytes of memory, where they are set."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mari_engine.errors import LimitError

SECONDS, MEMORY, SWITCH = "MARI_SECONDS", "MARI_MEMORY", "MARI_ISOLATION"
"""The environment's variables: seconds, GiB, and "off" to run models in the caller's process."""

_GIB = 1 << 30
_BYTES_PER_SECOND = 10**8
"""A model may take a second more for each 100 MB of room: reading it takes time."""


@dataclass(frozen=True)
class Limits:
    """What one call may take; models get room for their own size on top."""

    seconds: float = 30.0
    """Without an answer."""
    memory: int = 3 * _GIB
    """Bytes, of the process that runs the model, and of one answer."""

    def seconds_with(self, room: int) -> float:
        """Return the seconds for models whose own size asks for so many bytes of room."""
        return self.seconds + room / _BYTES_PER_SECOND


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
