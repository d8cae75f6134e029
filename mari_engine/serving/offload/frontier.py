"""The frontier of cuts: fewer bytes per candidate against less work online."""

from __future__ import annotations

from fractions import Fraction

from mari_engine.serving.offload.min_cut import Cut, CutProblem, dearest_price, solve_cut

_MOST = 64
"""Cuts beyond which no further ones are looked for between two."""


def sweep_cuts(problem: CutProblem) -> tuple[Cut, ...]:
    """Return each cut that is best at some price of a byte, the most bytes first.

    These are the corners of the lower convex hull of (bytes, cost): between two neighbours there
    is none that is best at any price. The search asks at the price at which both cost the same
    (Eisner and Severance, 1976).
    """
    most = solve_cut(problem, Fraction(0))
    least = solve_cut(problem, dearest_price(problem))
    found = {most.size: most} | {least.size: least}
    open_spans = [(most, least)]
    while open_spans and len(found) < _MOST:
        above, below = open_spans.pop(0)
        if above.size <= below.size:
            continue
        price = Fraction(below.cost - above.cost, above.size - below.size)
        between = solve_cut(problem, price)
        if between.total(price) < above.total(price):
            found[between.size] = between
            open_spans += [(above, between), (between, below)]
    return tuple(found[size] for size in sorted(found, reverse=True))
