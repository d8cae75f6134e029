"""Arrays that are valid as one feature and hold numbers that somebody aims at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mari_engine.feeds.random_features import (
    Feature,
    Values,
    draw_feature,
    is_mask,
    whole_bounds,
)

_MAGNITUDES = (1e-2, 1.0, 10.0, 100.0, 1e4)
"""What numbers without a range are tried at, with both signs."""
_PADDED = 0.3
"""The share of arrays of whole numbers whose rows end with one number, as padded histories do."""
_AS_USUAL = 0.25
"""The share of arrays that are drawn as usual: what is aimed at may be another feature."""


def aim_feature(
    feature: Feature,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    longest: int,
    numbers: Sequence[float],
) -> np.ndarray:
    """Return an array of these numbers, of those beside them, and of the ends of the range.

    One number fills all, a row, or an element: conditions may ask it of any of them. What lies
    outside the feature's range is left out. Whole numbers may be usual up to a place in each row,
    and one of these behind it. Masks are set everywhere, nowhere, for whole rows, or up to a place
    in each row.
    """
    kind = feature.dtype.kind
    if rng.random() < _AS_USUAL or kind in "OSUT":
        return draw_feature(feature, shape, rng, longest=longest, values=Values.MAGNITUDES)
    if is_mask(feature):
        return _aim_mask(shape, rng).astype(feature.dtype)
    if kind in "iu" or feature.whole:
        found = _whole_numbers(feature, numbers, longest)
        if len(shape) > 1 and rng.random() < _PADDED:
            usual = draw_feature(feature, shape, rng, longest=longest)
            return np.where(_upto_a_place(shape, rng), usual, rng.choice(found)).astype(usual.dtype)
    else:
        found = _real_numbers(feature, numbers)
    return _spread(rng, found, shape).astype(feature.dtype)


def _whole_numbers(feature: Feature, numbers: Sequence[float], longest: int) -> np.ndarray:
    low, high = whole_bounds(feature, longest)
    finite = [math.floor(number) for number in numbers if math.isfinite(number)]
    near = {number + step for number in finite for step in (-1, 0, 1)}
    if feature.bounds is not None:
        near = {number for number in near if low - feature.may_be_less <= number < high}
        near |= {low - feature.may_be_less}
    info = np.iinfo(feature.dtype) if feature.dtype.kind in "iu" else np.iinfo(np.int64)
    return np.array(sorted(n for n in near | {low, high - 1} if info.min <= n <= info.max))


def _real_numbers(feature: Feature, numbers: Sequence[float]) -> np.ndarray:
    kind = feature.dtype if feature.dtype.kind == "f" else np.dtype(np.float32)  # bfloat16
    with np.errstate(over="ignore"):  # a float16 has no 1e9
        aimed = np.array(sorted({number for number in numbers if not math.isnan(number)}), kind)
    beside = [np.nextafter(aimed, kind.type(to)) for to in (-np.inf, np.inf)]
    near = np.concatenate([aimed, *beside, aimed - 1, aimed + 1])
    if feature.bounds is not None:
        low, high = (kind.type(bound) for bound in feature.bounds)
        inside = near[(near >= low) & (near < high)]
        return np.concatenate([inside, [low, (low + high) / 2, np.nextafter(high, low)]])
    odd = [math.nan] if any(math.isnan(number) for number in numbers) else []
    return np.concatenate([near, [0.0], odd, [sign * m for m in _MAGNITUDES for sign in (-1, 1)]])


def _spread(choose: np.random.Generator, found: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers that are the same along the last axes, none to all of them."""
    apart = int(choose.integers(0, len(shape) + 1))
    drawn = choose.choice(found, (*shape[:apart], *[1] * (len(shape) - apart)))
    return np.broadcast_to(drawn, shape)


def _aim_mask(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if len(shape) > 1 and rng.random() < 0.5:
        return _upto_a_place(shape, rng) ^ (rng.random() < 0.5)
    return _spread(rng, np.array([False, True]), shape)


def _upto_a_place(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    upto = rng.integers(0, shape[-1] + 1, (*shape[:-1], 1))
    return np.asarray(np.arange(shape[-1]) < upto)
