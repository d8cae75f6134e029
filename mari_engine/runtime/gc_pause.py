"""Holds Python's garbage collector back where it only costs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Run without collecting cycles; what became garbage meanwhile is collected later.

    A graph under construction is many objects of which few die: the collector walks all of them
    again and again, a third of the time. In a timed run it would be an outlier.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
