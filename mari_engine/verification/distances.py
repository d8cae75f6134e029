"""Distances between two runs' results: absolute errors, hard differences, rank order; no ONNX."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

EXACT = 1e-9
"""Largest difference in float64, relative to the output's largest magnitude (1e-12 is typical)."""
OWN = 1e-7
"""The same for an element against its own scale, which may be far below the largest."""
ROUNDING_FACTOR = 4.0
"""How many times the original's own rounding error the optimized model may have."""
ROUNDING_FLOOR = 8.0
"""Rounding that is always allowed, in units of the precision's epsilon."""
FLOAT64 = 2.0**-52
"""The epsilon of the precision that the truth is evaluated in."""
ZERO = 2.0**10
"""In units of float64's epsilon of the largest: what reordered sums leave of an exact zero."""
REORDERED = 2.0**6
"""In the same units: what the order of sums may leave of any element (44 is typical at most).

A rewrite that is unstable leaves more, in either precision, and is not excused by it.
"""
UNPROVEN = 64.0
"""Where no float64 truth is to be had: the allowed difference, in units of epsilon."""

WEAK_EPSILONS = 2.0**13
"""In units of epsilon: an original farther from its own float64 value is not explained by it."""
WEAK = 0.25
"""The same at most, relative to the largest magnitude: for types with a coarse epsilon."""


_SENTINEL = 1e6
"""Times the smallest magnitude of a column, beyond which an element is no score."""
_LARGEST_SCORE = 1e6
"""The magnitude beyond which an element is taken for a mask's, and leaves nothing of its own."""
_OF_COLUMN = 0.1
"""The share of its column's magnitude that an element is judged by, beside its own."""


@dataclass(frozen=True, eq=False)
class Results:
    """One output of both models, in float64 and in the model's own precision; None: not run."""

    truth: np.ndarray | None
    exact: np.ndarray | None
    """The optimized model in float64."""
    original: np.ndarray | None
    optimized: np.ndarray | None


@dataclass(frozen=True)
class Distance:
    """Largest absolute differences of one output; None where one of the two was not run."""

    scale: float
    """The largest finite magnitude of the truth (of the original where there is no truth)."""
    exact: float | None
    original: float | None
    optimized: float | None
    between: float | None
    problem: str = ""
    """What differs beyond any tolerance: shape, NaN, infinity or zero, whole numbers."""
    own: float | None = None
    """The largest difference in float64, each element's relative to its own scale (see there)."""
    own_original: float | None = None
    """The same of the original's rounding."""


def measure_distance(results: Results) -> Distance:
    """Return how far apart the results of one output are."""
    pairs = (
        ("in float64", results.truth, results.exact),
        ("", results.original, results.optimized),
        ("when the original is evaluated in float64", results.original, results.truth),
    )
    for where, before, after in pairs:
        if before is not None and after is not None and before.shape != after.shape:
            text = f"shape {before.shape} became {after.shape}"
            return Distance(1.0, None, None, None, None, _join(text, where))
    reference = results.truth if results.truth is not None else results.original
    if reference is None:
        return Distance(1.0, None, None, None, None, "it could be run in neither precision")
    return Distance(
        scale=_largest(reference) or 1.0,
        exact=_farthest(results.truth, results.exact),
        original=_farthest(results.truth, results.original),
        optimized=_farthest(results.truth, results.optimized),
        between=_farthest(results.original, results.optimized),
        problem=_hard_difference(results),
        own=_own_difference(results.truth, results.exact),
        own_original=_own_difference(results.truth, results.original),
    )


def same_ranking(original: np.ndarray, optimized: np.ndarray, tie: float) -> bool:
    """Return whether both results `[N, ...]` sort their N rows into one order, by every column.

    Two rows whose original scores lie within `tie` may change places; rows that are not finite are
    left out. Takes O(N log N) for each column: rows are sorted by the original, and no row may
    score more than the lowest of those that are clearly above it.
    """
    return all(_ordered(before, after, tie) for before, after in _columns(original, optimized))


def _ordered(before: np.ndarray, after: np.ndarray, tie: float) -> bool:
    finite = np.isfinite(before) & np.isfinite(after)
    order = np.argsort(-before[finite], kind="stable")
    before, after = before[finite][order], after[finite][order]
    lowest_so_far = np.minimum.accumulate(after) if after.size else after
    above = np.searchsorted(-before, -(before + tie), side="left")
    clear = above > 0
    return bool(np.all(lowest_so_far[above[clear] - 1] >= after[clear]))


def _columns(
    original: np.ndarray, optimized: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    if original.ndim == 0 or original.size == 0 or original.dtype.kind not in "fV":
        return
    rows = len(original)
    before = original.astype(np.float64).reshape(rows, -1)
    after = optimized.astype(np.float64).reshape(rows, -1)
    yield from zip(before.T, after.T, strict=True)


def _hard_difference(results: Results) -> str:
    """Return what no rounding explains, or ""."""
    truth, exact = results.truth, results.exact
    original, optimized = results.original, results.optimized
    found = ""
    if truth is not None and exact is not None:
        found = _unequal(truth, exact, np.ones(truth.shape, bool)) or _not_zero(truth, exact)
        found = _join(found, "in float64")
    if not found and original is not None and optimized is not None:
        # Where the original rounds to something else than the truth, so may the optimized model.
        comparable = np.ones(original.shape, bool)
        if truth is not None and truth.shape == original.shape:
            comparable = _kinds(truth) == _kinds(original)
        found = _unequal(original, optimized, comparable)
    return found


def _unequal(before: np.ndarray, after: np.ndarray, comparable: np.ndarray) -> str:
    """Return how many comparable elements differ beyond any tolerance, in words, or ""."""
    if before.dtype.kind in "fV":
        count = int(np.sum(comparable & (_kinds(before) != _kinds(after))))
        return f"NaN or infinity at {count} elements in only one of the models" if count else ""
    count = int(np.sum(comparable & (before != after)))
    return f"{before.dtype} values differ at {count} elements" if count else ""


def _not_zero(truth: np.ndarray, exact: np.ndarray) -> str:
    """Return how many elements are exactly 0 in one model and more than rounding in the other."""
    if truth.dtype.kind not in "fV":
        return ""
    a, b = truth.astype(np.float64), exact.astype(np.float64)
    rounding = ZERO * FLOAT64 * _largest(truth)
    one = ((a == 0) & (np.abs(b) > rounding)) | ((b == 0) & (np.abs(a) > rounding))
    count = int(np.sum(one))
    return f"exactly 0 at {count} elements in only one of the models" if count else ""


def _kinds(array: np.ndarray) -> np.ndarray:
    """Return a code for finite, NaN, +inf and -inf; of whole numbers and texts, the values."""
    if array.dtype.kind not in "fV":
        return array
    wide = array.astype(np.float64)
    return np.where(np.isfinite(wide), 0, np.where(np.isnan(wide), 1, np.where(wide > 0, 2, 3)))


def _farthest(one: np.ndarray | None, other: np.ndarray | None) -> float | None:
    """Return the largest absolute difference where both are finite; of texts, 1 if any differs."""
    if one is None or other is None:
        return None
    if one.dtype.kind in "OSUT":
        return float(np.any(one != other))
    a, b = one.astype(np.float64), other.astype(np.float64)
    both = np.isfinite(a) & np.isfinite(b)
    return float(np.max(np.abs(a[both] - b[both]), initial=0.0))


def _own_difference(truth: np.ndarray | None, exact: np.ndarray | None) -> float | None:
    """Return the largest difference of an element, relative to its own scale.

    That is its magnitude and a tenth of its column's: the largest of the elements along the first
    axis that are no sentinels, such as the -1e9 of a mask beside scores of 1. So neither a large
    column nor masked elements hide an error in a small one. What sums leave of an exact zero is no
    score that others could be sentinels beside, and what their order leaves of the column's largest
    score is no difference: near saturation scores of 2 and of 1e-11 come of the same subtraction.
    """
    if truth is None or exact is None or truth.dtype.kind not in "fV" or truth.ndim == 0:
        return None
    if not truth.size:
        return None
    a, b = truth.astype(np.float64), exact.astype(np.float64)
    usable = np.isfinite(a) & np.isfinite(b)
    sizes = np.where(usable, np.abs(a), 0.0).reshape(len(a), -1)
    unit = FLOAT64 * np.where(sizes <= _LARGEST_SCORE, sizes, 0.0).max(axis=0)
    least = np.where(sizes > ZERO * unit, sizes, np.inf).min(axis=0)
    plain = np.where(sizes <= _SENTINEL * least, sizes, 0.0).max(axis=0)
    off = np.abs(np.subtract(a, b, out=np.zeros_like(a), where=usable)).reshape(len(a), -1)
    scale = sizes + _OF_COLUMN * plain
    scale[scale == 0] = 1.0  # beside nothing but zeros, the difference is absolute
    with np.errstate(over="ignore"):  # infinitely far, then
        far = np.divide(off, scale, out=np.zeros_like(off), where=off > REORDERED * unit)
    return float(np.max(far, initial=0.0))


def _largest(array: np.ndarray) -> float:
    if array.dtype.kind in "OSUT":
        return 1.0
    wide = np.abs(array.astype(np.float64))
    return float(np.max(wide[np.isfinite(wide)], initial=0.0))


def _join(text: str, where: str) -> str:
    return f"{text} {where}" if text and where else text
