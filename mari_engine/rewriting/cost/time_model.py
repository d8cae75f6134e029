"""The time model: expected seconds of a graph, by the number of candidates.

`seconds(n) = fixed + n * each + n^2 * pair`, summed over the nodes, each node's FLOPs, bytes and
picked runs times their prices. It serves to compare ways to rewrite one model, not to predict
latencies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mari_engine.rewriting.cost.prices import Prices
from mari_engine.types import Cost, Work


@dataclass(frozen=True)
class Line:
    """Expected seconds for a request: `fixed + n * each + n^2 * pair` for n candidates."""

    fixed: float = 0.0
    each: float = 0.0
    pair: float = 0.0

    def at(self, candidates: int) -> float:
        """Return the seconds of one request with this many candidates."""
        return self.fixed + candidates * (self.each + candidates * self.pair)

    def __add__(self, other: Line) -> Line:
        return Line(self.fixed + other.fixed, self.each + other.each, self.pair + other.pair)

    def times(self, factor: float) -> Line:
        """Return so many times the seconds."""
        return Line(factor * self.fixed, factor * self.each, factor * self.pair)


def line(work: Work, prices: Prices) -> Line:
    """Return the seconds that a node is expected to take: to choose by, not to report."""
    paid = (
        (work.products, 1 / prices.flops_per_second),
        (work.slices, 1 / prices.slices_per_second),
        (work.arithmetic, 1 / prices.arithmetic_per_second),
        (work.bytes, 1 / prices.bytes_per_second),
        (work.pieces, prices.piece),
        (work.runs, prices.pick),
        (work.batched, prices.batch),
        (work.rounds, prices.node),
    )
    return Line(
        sum(count.per_request * price for count, price in paid) + work.calls * prices.node,
        sum(count.per_candidate * price for count, price in paid),
        sum(count.per_pair * price for count, price in paid),
    )


def whole_line(cost: Cost, prices: Prices) -> Line:
    """Return the seconds that a whole model is expected to take."""
    return sum((line(work, prices) for work in cost.works.values()), Line())


def faster_from(after: Line, before: Line) -> int | None:
    """Return the fewest candidates from which on `after` takes less time; None: at no number.

    >>> faster_from(Line(3.0, 1.0), Line(0.0, 2.0)), faster_from(Line(1.0, 2.0), Line(0.0, 2.0))
    (4, None)
    >>> faster_from(Line(8.0, 1.0), Line(0.0, 1.0, pair=2.0))
    3
    """
    spent, gained = after.fixed - before.fixed, before.each - after.each
    if after.pair != before.pair:
        return _faster_by_pairs(spent, gained, before.pair - after.pair)
    if gained <= 0:
        return 1 if gained == 0 and spent < 0 else None
    return max(1, math.floor(spent / gained) + 1)


def _faster_by_pairs(spent: float, gained: float, gained_by_pair: float) -> int | None:
    """Return the fewest n from which on `spent < n * gained + n^2 * gained_by_pair`."""
    if gained_by_pair < 0:
        return None
    square = gained * gained + 4 * gained_by_pair * spent
    if square < 0:
        return 1
    last = (math.sqrt(square) - gained) / (2 * gained_by_pair)
    return max(1, math.floor(last) + 1)
