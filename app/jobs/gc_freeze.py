"""Garbage collection without the graphs: what stays in memory is frozen."""

from __future__ import annotations

import gc


def settle_garbage() -> None:
    """Collect garbage, and leave what stays out of later collections.

    Streamlit collects all garbage at the end of each run, a progress bar's each second included;
    with graphs of ten thousand nodes in memory that would take longer than the work itself.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
