"""Garbage collection without the graphs: what stays in memory is frozen."""

from __future__ import annotations

import ctypes
import gc
import sys


def settle_garbage() -> None:
    """Collect garbage, and leave what stays out of later collections.

    Streamlit collects all garbage at the end of each run, a progress bar's each second included;
    with graphs of ten thousand nodes in memory that would take longer than the work itself.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def give_back_memory() -> None:
    """Collect garbage, and hand free memory back to the system.

    C libraries keep what was freed in small pieces between what is still used.
    """
    settle_garbage()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
        if trim is not None:
            trim(0)
