"""Affine rank: the dimension of what an operand spans over many candidates of one user."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mari_engine.metering.multiplications import Factors, Multiplication
from mari_engine.metering.row_liveness import Positions, keep_live
from mari_engine.metering.variation import Array, Mask, Observation, fixed_elements

_SLICES = 4
"""Slices of one operand that are looked at, evenly spread; the rank is the largest."""
_NOISE = 32.0
"""Rounding errors, in units of the last place of the largest element, that are taken for zero."""
_SAME_ROW = 1e-2
"""How far a candidate alone may be from the same candidate among others, relative to the largest
element, for its place in the batch to be known by it."""


@dataclass(frozen=True)
class Span:
    """What an operand's rows span over the candidates."""

    rank: int | None
    """The affine rank, the largest of its slices; None when as large as N candidates can show."""
    multiplications: int
    """Multiplications per candidate and result column: `sum of min(columns that differ, rank)`."""


def span(
    factors: Factors,
    work: Multiplication,
    seen: Observation,
    rows: Array,
    live: Positions = MappingProxyType({}),
) -> Span:
    """Return the affine rank of an operand, slice by slice along the axes that are not summed.

    `rows` `[N, ...]` holds the operand of each candidate. The rows `[N, K]` of a slice are
    centered, and singular values above the rounding noise are counted: r of them mean that the
    slice is `x0 + z B` with z `[N, r]`, B and x0 being the request's own, so that a product with it
    takes r multiplications per result and candidate once `B W` is computed. Slices that only
    results outside of `live` are made of are left out.
    """
    summed = tuple(at for at, label in enumerate(factors.labels) if label in work.summed)
    fixed = _slices_first(keep_live(fixed_elements(seen), factors, live), summed)
    laid = np.stack([keep_live(row, factors, live) for row in rows])
    data = _slices_first(laid, tuple(at + 1 for at in summed), keep=1)
    open_columns = (~fixed).sum(axis=1)
    slices = np.flatnonzero(open_columns)
    if not len(slices):
        return Span(0, 0)
    chosen = slices[np.linspace(0, len(slices) - 1, min(_SLICES, len(slices))).astype(int)]
    rank = max(affine_rank(data[:, at][:, ~fixed[at]]) for at in chosen.tolist())
    if rank >= len(rows) - 1:
        return Span(None, int(open_columns.sum()))
    return Span(rank, int(np.minimum(open_columns, rank).sum()))


def affine_rank(rows: Array) -> int:
    """Return the numerical rank of rows `[N, K]` after their mean is subtracted.

    Singular values count when they exceed what rounding to the rows' own type leaves behind.
    """
    wide = rows.astype(np.float64)
    if not wide.size or not np.isfinite(wide).all():
        return int(min(wide.shape))
    eps = float(np.finfo(rows.dtype).eps) if rows.dtype.kind == "f" else float(np.spacing(1.0))
    noise = _NOISE * eps * float(np.abs(wide).max()) * sum(math.sqrt(n) for n in wide.shape)
    values = np.linalg.svd(wide - wide.mean(axis=0), compute_uv=False)
    return int((values > noise).sum())


def candidates_first(
    array: Array, alone: tuple[int, ...], candidates: int, singles: list[Array]
) -> Array | None:
    """Return the candidates' operands along axis 0, or None where they lie along no axis.

    `alone` is the operand's shape for one candidate; `singles` are the first candidates' operands,
    each from a run of its own, which tell where in the batch they lie: also as one factor of an
    axis, whichever.
    """
    for axis, outer in _places(array.shape, alone, candidates):
        inner = alone[axis] // outer
        split = array.reshape(
            *array.shape[:axis], outer, candidates, inner, *array.shape[axis + 1 :]
        )
        rows = np.moveaxis(split, axis + 1, 0).reshape(candidates, *alone)
        if all(_alike(rows[at], single) for at, single in enumerate(singles)):
            return rows
    return None


def _places(
    shape: tuple[int, ...], alone: tuple[int, ...], candidates: int
) -> Iterator[tuple[int, int]]:
    """Yield the axis of the candidates, and the extent outside of them within it."""
    if len(shape) != len(alone):
        return
    grown = [at for at, (many, one) in enumerate(zip(shape, alone, strict=True)) if many != one]
    if len(grown) != 1 or shape[grown[0]] != candidates * alone[grown[0]]:
        return
    for outer in range(1, alone[grown[0]] + 1):
        if alone[grown[0]] % outer == 0:
            yield grown[0], outer


def _alike(one: Array, other: Array) -> bool:
    if one.dtype.kind not in "fiu":
        return bool(np.array_equal(one, other))
    first, second = one.astype(np.float64), other.astype(np.float64)
    scale = float(np.abs(second).max(initial=0.0))
    return float(np.abs(first - second).max(initial=0.0)) <= _SAME_ROW * scale


def _slices_first(array: Array | Mask, summed: tuple[int, ...], keep: int = 0) -> Array:
    """Return [(kept axes,) slices, columns]: the summed axes last, and what is around as one."""
    rest = [at for at in range(keep, array.ndim) if at not in summed]
    moved = array.transpose([*range(keep), *rest, *summed])
    columns = math.prod(array.shape[at] for at in summed)
    slices = math.prod(array.shape[at] for at in rest)
    return moved.reshape(*array.shape[:keep], slices, columns)
