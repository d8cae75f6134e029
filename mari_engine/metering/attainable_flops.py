"""Attainable FLOPs: a multiplication counts as often as one of its factors was seen to differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mari_engine.metering.multiplications import MIXED, Factors, Multiplication
from mari_engine.metering.variation import Mask, Observation
from mari_engine.types import Flops

_MOST_LABELS = 2
"""Labels other than the candidates' along which repetition is counted, the largest first."""


def attainable(work: Multiplication, seen: Sequence[Observation | None], *, scale: float) -> Flops:
    """Return the FLOPs of a product in which nothing is multiplied twice.

    `seen` holds what was seen of each operand, None for a constant. A multiplication is needed once
    per request if none of its factors differs between candidates, otherwise once per candidate;
    and once for all places along a label where all of its factors are the same along it. Of
    `[N, K] x [K, M]` with k columns that differ, `2 k M` FLOPs remain per candidate and
    `2 (K - k) M` per request: what splitting by columns reaches at best, folding left aside.
    `scale` is the work for one candidate divided by that of the run, less than 1 where each
    candidate stood there twice.
    """
    found = [
        _Operand(factors, observation)
        for factors, observation in zip(work.operands, seen, strict=False)
        if factors is not None
    ]
    repeated = _repeated_labels(work, found)
    every = once = 0.0
    for count in range(len(repeated) + 1):
        for labels in combinations(repeated, count):
            share = math.prod(1 / work.extents[label] - 1 for label in labels)
            same = [[each.same(label) for label in labels] for each in found]
            every += share * _places(work, found, same)
            both = [[each.fixed, *masks] for each, masks in zip(found, same, strict=True)]
            once += share * _places(work, found, both)
    per_request = round(scale * work.unit * once)
    return Flops(per_request, max(0, round(scale * work.unit * every) - per_request))


class _Operand:
    """What was seen of an operand, its masks reshaped to the axes of its labels."""

    def __init__(self, factors: Factors, seen: Observation | None) -> None:
        self._factors, self._seen = factors, seen
        self.mixed = tuple(at for at, label in enumerate(factors.labels) if label == MIXED)
        self.labels = tuple(label for label in factors.labels if label != MIXED)
        self.fixed = None if seen is None else self._lay(fixed_elements(seen))

    @property
    def constant(self) -> bool:
        """True for a weight."""
        return self._seen is None

    def has(self, label: int) -> bool:
        """Return True when the operand has this label's places."""
        return label in self.labels

    def same(self, label: int) -> Mask | None:
        """Return where the operand is the same along a label; None for everywhere."""
        if not self.has(label):
            return None
        axis = self._factors.axes.get(label)
        if self._seen is None or axis is None or axis in self._seen.copied:
            return np.zeros((), np.bool_)
        mask = self._seen.same[axis] & _known(self._seen).all(axis, keepdims=True)
        return self._lay(np.broadcast_to(mask, self._seen.shape or ()))

    def _lay(self, mask: Mask) -> Mask:
        laid = mask.reshape(self._factors.extents)
        return np.asarray(laid.all(self.mixed) if self.mixed else laid)


def fixed_elements(seen: Observation) -> Mask:
    """Return the elements that differ between no two candidates of a request.

    An element that was the same in all runs, in a value of which others differ between candidates,
    may belong to either side (a unit that never fired): it counts as different.
    """
    return ~seen.varies & _known(seen)


def _known(seen: Observation) -> Mask:
    return seen.moves if seen.differs else np.ones_like(seen.moves)


def _repeated_labels(work: Multiplication, found: Sequence[_Operand]) -> list[int]:
    labels = [
        label
        for label in work.extents
        if label not in work.summed
        and any(each.has(label) and not each.constant for each in found)
        and all((mask := each.same(label)) is None or mask.any() for each in found)
    ]
    return sorted(labels, key=lambda label: -work.extents[label])[:_MOST_LABELS]


def _places(
    work: Multiplication, found: Sequence[_Operand], masks: Sequence[Sequence[Mask | None]]
) -> float:
    """Return at how many places of all labels every mask of every operand is true (an einsum)."""
    left = dict(work.extents)
    letters = {label: at for at, label in enumerate(work.extents)}
    terms: list[object] = []
    scale = 1.0
    for each, own in zip(found, masks, strict=True):
        held = [mask for mask in own if mask is not None]
        if not held:
            continue
        mask = np.logical_and.reduce(np.broadcast_arrays(*held)) if len(held) > 1 else held[0]
        if mask.ndim != len(each.labels):
            scale *= float(mask)
            continue
        terms += [mask.astype(np.float64), [letters[label] for label in each.labels]]
        for label in each.labels:
            left.pop(label, None)
    scale *= math.prod(left.values())
    if not terms or not scale:
        return scale
    return scale * float(np.einsum(*terms, [], optimize=True))  # type: ignore[call-overload]
