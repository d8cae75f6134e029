"""The cut of least cost within a number of bytes: branch and bound over minimum cuts.

A minimum cut at a price of bytes finds corners of the hull alone, and the best cut within a bound
may lie between two of them. The Lagrange dual

    L(price) = min over cuts of (cost + price * (size - most))

bounds the cost of all cuts within `most` bytes from below. At the best price two corners meet, one
within the bound and one beyond it. An op of which they differ is fixed to run online, and then
beforehand, and both halves are bounded again, until no bound is below the best cut that was found
(Geoffrion, 1974).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

from mari_engine.serving.offload.min_cut import (
    Cut,
    CutProblem,
    Fixed,
    dearest_price,
    solve_fixed,
)

_MOST = 48
"""Halves that are bounded; what is best among them is taken then."""


@dataclass(frozen=True)
class _Bounded:
    """What is known of the cuts within the bound that agree with what is fixed."""

    bound: Fraction
    """None of them costs less."""
    best: Cut
    """One of them."""
    beyond: Cut | None
    """The corner on the other side of the bound; None where `best` is the best of all."""
    fixed: Fixed


def cut_within(problem: CutProblem, most: int) -> Cut | None:
    """Return the cut of least cost of at most so many bytes per candidate; None where none is.

    It is the best of all, unless that takes too many steps to find; never worse than the hull's.
    """
    first = _bound(problem, most, Fixed())
    if first is None:
        return None
    best, order = first.best, count()
    open_halves = [(first.bound, next(order), first)]
    bounded = 1
    while open_halves and bounded < _MOST:
        bound, _, at = heapq.heappop(open_halves)
        if bound >= best.cost:
            break
        for fixed in _halves(problem, at):
            half = _bound(problem, most, fixed)
            bounded += 1
            if half is None:
                continue
            best = min(best, half.best, key=lambda cut: (cut.cost, cut.size))
            if half.beyond is not None and half.bound < best.cost:
                heapq.heappush(open_halves, (half.bound, next(order), half))
    return best


def _halves(problem: CutProblem, at: _Bounded) -> Iterator[Fixed]:
    """Yield what is fixed in two halves: the dearest op of which both corners differ, each way."""
    assert at.beyond is not None
    differing = set(at.best.online) ^ set(at.beyond.online)
    costs = {op.name: op.cost for op in problem.ops}
    name = max(sorted(differing), key=lambda each: costs[each])
    yield replace(at.fixed, online=at.fixed.online | {name})
    yield replace(at.fixed, before=at.fixed.before | {name})


def _bound(problem: CutProblem, most: int, fixed: Fixed) -> _Bounded | None:
    """Return the two corners about the bound, and the dual there; None where no cut is within."""
    above = solve_fixed(problem, Fraction(0), fixed)
    if above is None:
        return None
    if above.size <= most:
        return _Bounded(Fraction(above.cost), above, None, fixed)
    below = solve_fixed(problem, dearest_price(problem), fixed)
    if below is None or below.size > most:
        return None
    while True:
        price = Fraction(below.cost - above.cost, above.size - below.size)
        between = solve_fixed(problem, price, fixed)
        assert between is not None
        if between.total(price) >= above.total(price):
            return _Bounded(above.total(price) - price * most, below, above, fixed)
        above, below = (above, between) if between.size <= most else (between, below)
