"""Random arrays that are valid as one feature: ids, lengths, masks, numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

import ml_dtypes
import numpy as np

Bounds = tuple[float, float]
"""A half-open range."""

_SMALL_IDS: Bounds = (0, 2)
"""What whole numbers are drawn from when neither labels nor graph give a range."""

_DECADES = 2
"""Powers of ten by which numbers without a range are scaled, up and down."""
_PADDING = 0.9
"""The share of ids that pad, where most do."""
_MASK = re.compile(r"(^|[^a-z])mask", re.IGNORECASE)
_LENGTH = re.compile(r"(^|[^a-z])(len|lens|length|lengths|seqlen|seq_len)($|[^a-z])", re.IGNORECASE)


class Values(StrEnum):
    """Which values a request is drawn from, among those that are valid."""

    TYPICAL = "typical"
    """Uniform in their range; of numbers without a range, standard normal."""
    MAGNITUDES = "of other magnitudes"
    """The same, but numbers without a range lie between 1e-2 and 1e2 by row: what a rare branch or
    a clamp asks for."""
    TINY = "of tiny numbers"
    """The same, but numbers without a range are a millionth: what is added lest something is 0, as
    in a norm, then counts."""
    ZEROS = "of zeros"
    """The same, but numbers without a range are 0: rows are equal, sums and norms are nothing."""
    EDGES = "at the ends of ranges"
    """The first and the last id of each table, the shortest and the longest length; a single number
    is the first."""
    OTHER_EDGES = "at the other ends of ranges"
    """The same, but a single number is the last."""
    PADDED = "of mostly padding"
    """The same as typical, but nine ids in ten are the first, which pads histories."""
    UNLISTED = "of texts that no list holds"
    """The same as typical, but half of the texts, and the first, are none that the model lists."""
    ANY_WHOLE = "of whole numbers of any size"
    """The same, but whole numbers that nothing bounds have either sign and up to 33 bits: hashed
    ids, which 31 bits do not hold."""
    FROM_THE_END = "of ids counted from the end"
    """The same, but the ids of each table are below 0: lookups count these from its end."""
    FROM_BOTH_ENDS = "of ids counted from either end"
    """The same, but about half of the ids are below 0."""


_FROM_THE_END = {Values.FROM_THE_END: 1.0, Values.FROM_BOTH_ENDS: 0.5}
"""The share of ids that are below 0."""
_UNLISTED = 0.5
"""The share of texts that no list holds, where some are."""
_BITS = 33
"""Of whole numbers that may be any."""
_SCALES = {Values.TINY: 1e-6, Values.ZEROS: 0.0}


@dataclass(frozen=True, kw_only=True)
class Feature:
    """The distribution that one input, or some columns of it, is drawn from."""

    name: str
    dtype: np.dtype
    bounds: Bounds | None = None
    """Half-open; None when neither labels nor graph give them."""
    whole: bool = False
    """A floating-point feature that carries whole numbers."""
    words: tuple[str, ...] = ()
    """The texts that the model knows; none where it lists none."""
    may_be_less: int = 0
    """By how much less than the range a number may be: 1 for lengths that are usually none of 0."""
    unbounded: bool = False
    """True for whole numbers that may be any; bounds, if there are some, are what is usual."""


def is_mask(feature: Feature) -> bool:
    """Return True for a feature of truths, by its type or its name."""
    return feature.dtype.kind == "b" or _MASK.search(feature.name) is not None


def at_least_one(feature: Feature) -> Feature:
    """Return the feature without lengths of 0, if it is a length."""
    if feature.bounds is None or feature.bounds[0] >= 1 or not _LENGTH.search(feature.name):
        return feature
    return replace(feature, bounds=(1, max(feature.bounds[1], 2)))


def draw_feature(
    feature: Feature,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    longest: int,
    values: Values = Values.TYPICAL,
) -> np.ndarray:
    """Return valid values of this shape; `longest` is the largest valid sequence length.

    Whole numbers come from the bounds, else from [0, 2), lengths from [1, longest] (0 where that is
    the longest); other numbers uniformly from the bounds, else from the standard normal
    distribution. Masks hold both values in every row of two or more, so that no row is masked out
    whichever value means that.
    """
    kind = feature.dtype.kind
    if is_mask(feature):
        return _draw_mask(shape, rng).astype(feature.dtype)
    if kind in "OSUT":
        return _draw_texts(feature, shape, rng, values)
    if kind in "iu" or feature.whole:
        return _draw_whole(feature, shape, rng, longest=longest, values=values)
    if feature.bounds is not None:
        return rng.uniform(*feature.bounds, shape).astype(feature.dtype)
    numbers = rng.standard_normal(shape) * _SCALES.get(values, 1.0)
    if values == Values.MAGNITUDES and shape:
        rows = (shape[0], *[1] * (len(shape) - 1))
        numbers *= 10.0 ** rng.integers(-_DECADES, _DECADES + 1, rows)
    return numbers.astype(feature.dtype)


def _draw_texts(
    feature: Feature, shape: tuple[int, ...], rng: np.random.Generator, values: Values
) -> np.ndarray:
    drawn = rng.choice(np.array(feature.words or ("0", "1"), dtype=object), shape)
    if values != Values.UNLISTED:
        return drawn
    other = "?" * (1 + max(map(len, feature.words), default=0))  # longer than each that is listed
    unlisted = np.asarray(rng.random(shape) < _UNLISTED)
    unlisted.reshape(-1)[:1] = True
    return np.where(unlisted, np.array(other, dtype=object), drawn)


def _draw_whole(
    feature: Feature, shape: tuple[int, ...], rng: np.random.Generator, *, longest: int,
    values: Values,
) -> np.ndarray:  # fmt: skip
    low, high = whole_bounds(feature, longest)
    if values in (Values.EDGES, Values.OTHER_EDGES):
        return _draw_ends(low, high - 1, shape, rng, values).astype(feature.dtype)
    if values == Values.ANY_WHOLE and feature.unbounded and not _LENGTH.search(feature.name):
        return _draw_any(feature.dtype, shape, rng)
    drawn = rng.integers(low, high, shape)
    if values == Values.PADDED and not _LENGTH.search(feature.name):
        drawn = _pad(drawn, low, high, rng)
    if values in _FROM_THE_END and _may_be_ids(feature):
        drawn = np.where(rng.random(shape) < _FROM_THE_END[values], drawn - high, drawn)
    return drawn.astype(feature.dtype)


def _draw_any(dtype: np.dtype, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return whole numbers of all magnitudes and both signs, as far as their type holds them.

    The first has all bits, lest there is no other.
    """
    whole = dtype.kind in "iu"
    most = float(_BITS)
    if not whole:  # those that a float holds
        eps = ml_dtypes.finfo(dtype).eps  # type: ignore[no-untyped-call]
        most = min(most, -math.log2(float(eps)))
    bits = np.asarray(rng.uniform(0, most, shape))
    bits.reshape(-1)[:1] = rng.uniform(most - 1, most)
    sizes = np.floor(2.0**bits).astype(np.int64)
    signed = np.where(rng.random(shape) < 0.5, -sizes, sizes)
    if not whole:
        return np.asarray(signed.astype(dtype))
    info = np.iinfo(dtype)
    least, largest = max(info.min, -(1 << _BITS)), min(info.max, 1 << _BITS)
    return np.asarray(np.clip(signed if info.min else sizes, least, largest).astype(dtype))


def _pad(drawn: np.ndarray, low: int, high: int, rng: np.random.Generator) -> np.ndarray:
    """Return ids of which most are the first; each row keeps one that is not, as histories do."""
    pads = rng.random(drawn.shape) < _PADDING
    if drawn.ndim > 1 and drawn.shape[-1] > 1 and high > low + 1:
        pads[..., 0] = False
        drawn[..., 0] = rng.integers(low + 1, high, drawn.shape[:-1])
    return np.where(pads, low, drawn)


def _may_be_ids(feature: Feature) -> bool:
    """Return True for whole numbers from 0 on, of a known range, that are no lengths."""
    ranged = feature.bounds is not None and feature.bounds[0] == 0 and not feature.may_be_less
    return ranged and feature.dtype.kind != "u" and not _LENGTH.search(feature.name)


def _draw_ends(
    low: int, high: int, shape: tuple[int, ...], rng: np.random.Generator, values: Values
) -> np.ndarray:
    """Return both ends in any order, each of them at least once where there is more than one."""
    drawn = rng.choice([low, high], math.prod(shape))
    ends = (low, high) if values == Values.EDGES else (high, low)
    drawn[-1:], drawn[:1] = ends[1], ends[0]
    return drawn.reshape(shape)


def _draw_mask(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    mask = rng.integers(0, 2, shape).astype(bool)
    if len(shape) > 1 and shape[-1] > 1:
        mask[..., 0], mask[..., -1] = True, False
    return mask


def whole_bounds(feature: Feature, longest: int) -> tuple[int, int]:
    """Return the half-open range that whole numbers of a feature are drawn from."""
    if feature.bounds is not None:
        low, high = (math.ceil(bound) for bound in feature.bounds)
        return low, max(high, low + 1)
    if _LENGTH.search(feature.name):
        return min(1, longest), longest + 1
    low, high = (int(bound) for bound in _SMALL_IDS)
    return low, high


def without_empty_rows(array: np.ndarray, feature: Feature, longest: int) -> np.ndarray:
    """Return ids or a mask of which no row is padding alone: of ids, the first of their range."""
    if array.ndim < 2 or array.shape[-1] < 2:
        return array
    if is_mask(feature):
        empty = (array == array[..., :1]).all(-1)
        other = 1 - array[..., 0].astype(np.int64)
    elif feature.dtype.kind in "iu" or feature.whole:
        low, high = whole_bounds(feature, longest)
        empty = (array == low).all(-1) & (high > low + 1)
        other = np.full(empty.shape, low + 1)
    else:
        return array
    kept = array.copy()
    kept[..., 0] = np.where(empty, other, array[..., 0])
    return kept
