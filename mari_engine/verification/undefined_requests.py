"""Drawn requests that hold NaN or infinity: where the original gives NaN, nothing is asked.

`0 x` is 0 of every number x, and NaN of those. What a mask makes zero is not computed in a
rewritten model, which so gives a number where the original gives NaN: there is none to hold it to.
Numbers of the original are asked all the same, and of the own requests of a user everything is.
"""

from __future__ import annotations

import numpy as np

from mari_engine.types import Feeds
from mari_engine.verification.model_pair import Outputs


def is_undefined(feeds: Feeds) -> bool:
    """Return whether a request holds NaN or infinity."""
    return any(
        not np.isfinite(array.astype(np.float64)).all()
        for array in feeds.values()
        if array.dtype.kind in "fV"
    )


def adopt_nan(before: Outputs, after: Outputs) -> tuple[Outputs, frozenset[str]]:
    """Return the rewritten model's results with NaN wherever the original's are NaN.

    Also the names of the outputs that had something else there.
    """
    own, narrow = _adopt(before.own, after.own)
    wide, broad = _adopt(before.wide, after.wide)
    inside, _ = _adopt(before.inside, after.inside)
    return Outputs(own, wide, inside or {}), narrow | broad


def _adopt(before: Feeds | None, after: Feeds | None) -> tuple[Feeds | None, frozenset[str]]:
    if before is None or after is None:
        return after, frozenset()
    adopted, names = dict(after), set[str]()
    for name in before.keys() & after.keys():
        first, second = before[name], after[name]
        missing = _undefined_of(first, second)
        if missing is not None and missing.any():
            names.add(name)
            adopted[name] = np.where(np.isnan(first), first, second)
    return adopted, frozenset(names)


def _undefined_of(first: object, second: object) -> np.ndarray | None:
    """Return where only the original gives NaN; None for what is no tensor of floats, or no fit."""
    if not (isinstance(first, np.ndarray) and isinstance(second, np.ndarray)):
        return None
    if first.dtype.kind != "f" or first.dtype != second.dtype:
        return None
    try:
        missing: np.ndarray = np.isnan(first) & ~np.isnan(np.broadcast_to(second, first.shape))
    except ValueError:
        return None
    return missing
