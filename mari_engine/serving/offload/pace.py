"""How fast this machine runs a model, against what was expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from mari_engine.feeds import bind_feeds, make_feeds
from mari_engine.rewriting.cost import whole_line
from mari_engine.rewriting.planning import race
from mari_engine.serving.offload.cut_ways import CutWay
from mari_engine.types import Signature

_FINEST = 1000
"""The pace is a fraction of at most so many parts."""


def keep_pace(ways: Sequence[CutWay]) -> tuple[CutWay, ...]:
    """Return the ways with times as this machine has them; unchanged where none can be taken.

    The way that is fastest uncut is timed, in processor time of one thread. What is expected of
    parts and of other ways is scaled alike: a model's expectation errs on the whole more than
    between its parts.
    """
    way = min(ways, key=lambda each: each.point(each.uncut()).seconds)
    candidates, plan = way.weighing.candidates, way.plan
    drawn = make_feeds(plan.original, plan.labels, batch=candidates, seed=0)
    taken = race([plan.optimized], bind_feeds(drawn, plan.interface, Signature.COMPACT))
    expected = whole_line(way.found.whole, way.weighing.prices).at(candidates)
    if taken is None or not expected:
        return tuple(ways)
    found = Fraction(taken[0].seconds / expected)
    pace = max(found, Fraction(1, _FINEST)).limit_denominator(_FINEST)
    return tuple(replace(each, pace=pace) for each in ways)
