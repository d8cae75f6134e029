"""A process of their own for strangers' models, with limits of time and memory."""

from mari_engine.isolation.places import (
    Hosted,
    Isolation,
    call,
    isolated,
    make,
    open_isolation,
    start_ahead,
    start_beside,
)
from mari_engine.isolation.worker_process import NativeError, kind_of

__all__ = [
    "Hosted",
    "Isolation",
    "NativeError",
    "call",
    "isolated",
    "kind_of",
    "make",
    "open_isolation",
    "start_ahead",
    "start_beside",
]
