"""One product as runs showed it: its operands by their labels, what differs, what is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import onnx_ir as ir

from mari_engine.axes import AxisLabels
from mari_engine.metering.evidence import Evidence
from mari_engine.metering.laid_elements import spread
from mari_engine.metering.multiplications import MIXED, Factors, Multiplication
from mari_engine.metering.pattern_ranks import PatternCount, Ranked, count_patterns
from mari_engine.metering.product_flops import Counted
from mari_engine.metering.request_patterns import MASKED, Patterns
from mari_engine.metering.row_liveness import Positions, keep_live, without_unread
from mari_engine.metering.variation import Mask, fixed_elements, known_elements

Terms = Sequence[tuple[AxisLabels, Sequence[Mask | None]]]
"""Masks of one tensor each, with its labels; None is true everywhere."""


class SeenProduct:
    """The multiplications of a product that something reads, and what was seen of its operands.

    Where all results are read, or `whole` is asked for, these are all multiplications.
    """

    def __init__(
        self, counted: Counted, work: Multiplication, evidence: Evidence,
        patterns: Mapping[ir.Value, Ranked] = MappingProxyType({}), *, whole: bool = False,
    ) -> None:  # fmt: skip
        live = {} if whole else evidence.live_positions(counted)
        self.work = without_unread(work, live)
        self.operands = [
            SeenOperand(factors, value, evidence, live, patterns)
            for factors, value in zip(work.operands, counted.node.inputs, strict=False)
            if factors is not None
        ]
        self._read = None if whole else evidence.live.get(counted.node.outputs[0])
        self._live = live

    @property
    def read(self) -> Terms:
        """The results that are read, element by element."""
        results = self.work.results
        if self._read is None or len(results) != 1 or MIXED in results[0].labels:
            return ()
        return ((results[0].labels, (keep_live(self._read, results[0], self._live),)),)

    def pattern(self, at: int) -> PatternCount | None:
        """Return the patterns of an operand where they meet what is fixed; None for none."""
        own, others = self.operands[at], [*self.operands[:at], *self.operands[at + 1 :]]
        laid = own.patterns
        if laid is None or own.ranked is None:
            return None
        steady = np.ones(laid.shape, np.bool_)
        for other in others:
            steady &= other.fixed_along(own.labels)
        return count_patterns(np.where(steady, laid, -1), own.ranked.ranks, own.labels, self.work)

    def repeated_labels(self, most: int) -> list[int]:
        """Return labels along which all operands repeat themselves somewhere, the largest first."""
        found = self.operands
        labels = [
            label
            for label in self.work.extents
            if label not in self.work.summed
            and any(each.has(label) and not each.constant for each in found)
            and all((mask := each.same(label)) is None or mask.any() for each in found)
        ]
        return sorted(labels, key=lambda label: -self.work.extents[label])[:most]

    def places(self, masks: Sequence[Sequence[Mask | None]], more: Terms = ()) -> float:
        """Return at how many places of all labels every mask of every operand is true."""
        own = ((each.labels, mask) for each, mask in zip(self.operands, masks, strict=True))
        return count_places(self.work.extents, [*own, *more])


class SeenOperand:
    """What was seen of an operand, its masks reshaped to the axes of its labels."""

    def __init__(
        self, factors: Factors, value: ir.Value | None, evidence: Evidence,
        live: Positions, patterns: Mapping[ir.Value, Ranked],
    ) -> None:  # fmt: skip
        self._factors, self._live = factors, live
        self._seen = evidence.seen.get(value) if value is not None else None
        self.ranked = patterns.get(value) if value is not None else None
        self.mixed = tuple(at for at, label in enumerate(factors.labels) if label == MIXED)
        self.labels = tuple(label for label in factors.labels if label != MIXED)
        self.fixed = None
        if self._seen is not None:
            fixed = fixed_elements(self._seen)
            if value is not None and value in evidence.patterns:
                fixed = fixed | (evidence.patterns[value] == MASKED).reshape(fixed.shape)
            self.fixed = self._lay(fixed)

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
        mask = self._seen.same[axis] & known_elements(self._seen).all(axis, keepdims=True)
        return self._lay(np.broadcast_to(mask, self._seen.shape or ()))

    @property
    def patterns(self) -> Patterns | None:
        """The patterns of its elements; None where it has none."""
        if self.ranked is None or self.mixed or len({*self.labels}) < len(self.labels):
            return None
        return keep_live(self.ranked.patterns, self._factors, self._live)

    def fixed_along(self, labels: AxisLabels) -> Mask:
        """Return at which places of `labels` it is fixed wherever they meet it, to be broadcast."""
        own = self.labels
        left = tuple(label for label in own if label in labels)
        if self.fixed is None or self.mixed or len({*left}) < len(left):
            return np.full((), self.fixed is None)
        lost = tuple(at for at, label in enumerate(own) if label not in labels)
        return np.asarray(spread(np.asarray(self.fixed.all(lost)), left, labels))

    def _lay(self, mask: Mask) -> Mask:
        laid = keep_live(mask, self._factors, self._live)
        return np.asarray(laid.all(self.mixed) if self.mixed else laid)


def count_places(extents: Mapping[int, int], terms: Terms) -> float:
    """Return at how many places of these labels all masks of all terms are true (an einsum)."""
    left = dict(extents)
    letters = {label: at for at, label in enumerate(extents)}
    factors: list[object] = []
    scale = 1.0
    for labels, own in terms:
        held = [mask for mask in own if mask is not None]
        if not held:
            continue
        mask = np.logical_and.reduce(np.broadcast_arrays(*held)) if len(held) > 1 else held[0]
        if mask.ndim != len(labels):
            scale *= float(mask)
            continue
        factors += [mask.astype(np.float64), [letters[label] for label in labels]]
        for label in labels:
            left.pop(label, None)
    scale *= math.prod(left.values())
    if not factors or not scale:
        return scale
    return scale * float(np.einsum(*factors, [], optimize=True))  # type: ignore[call-overload]
