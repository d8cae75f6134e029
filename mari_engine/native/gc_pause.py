"""Garbage collection paused while a graph is built, or a run is timed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Run without collecting cycles; what became garbage meanwhile is collected later.

    A graph under construction has many objects of which few die: walking all of them again and
    again took a third of the time. In a timed run a collection would be an outlier.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
