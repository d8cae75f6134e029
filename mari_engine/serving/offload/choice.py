"""The choice among cuts: by bytes per candidate, or by what a byte takes to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mari_engine.errors import ModelError
from mari_engine.serving.offload.bounded_cut import cut_within
from mari_engine.serving.offload.cut_graph import FEMTO
from mari_engine.serving.offload.cut_ways import CutWay, find_frontier
from mari_engine.serving.offload.min_cut import Cut
from mari_engine.types import CutPoint
from mari_engine.wording import first_names

Choice = tuple[CutWay, Cut, CutPoint]
_NAMES = 3
_MEETING = "each of their ops meets values of the request"


def choose_by_bytes(ways: Sequence[CutWay], most: int) -> Choice:
    """Return the cut of the least expected time that fetches at most so many bytes a candidate.

    Raises ModelError where none fetches as few, or the best one fetches nothing of a store.
    """
    within = [(way, cut_within(way.problem, most)) for way in ways]
    fitting = [_pointed(way, cut) for way, cut in within if cut is not None]
    best = min((*fitting, *_list_uncut(ways)), key=_time)
    if best[1].fetched:
        return best
    _check_possible(ways)
    least = min(point.bytes for point in find_frontier(ways).points if point.fetched)
    raise ModelError(
        f"{ways[0].plan.original.name}: no cut that fetches at most {most:,} bytes per candidate "
        f"saves time; give --bytes {least} or more"
    )


def choose_by_bandwidth(ways: Sequence[CutWay], bytes_per_second: int) -> Choice:
    """Return the cut of the least expected time, that of fetching its bytes included.

    Raises ModelError where that one fetches nothing of a store.
    """
    price = Fraction(FEMTO, bytes_per_second)

    def time(choice: Choice) -> float:
        way, cut, point = choice
        return way.time(point) + way.weighing.candidates * cut.size / bytes_per_second

    cuts = [_pointed(way, way.cut_at(price)) for way in ways]
    best = min((*cuts, *_list_uncut(ways)), key=time)
    if best[1].fetched:
        return best
    _check_possible(ways)
    raise ModelError(
        f"{ways[0].plan.original.name}: at {bytes_per_second:,} bytes per second it is faster to "
        "compute everything online than to fetch any of it; give a higher --bandwidth, or --bytes"
    )


def choose_uncut(ways: Sequence[CutWay]) -> Choice:
    """Return the fastest way with all of the items' work online."""
    return min(_list_uncut(ways), key=_time)


def _list_uncut(ways: Sequence[CutWay]) -> list[Choice]:
    return [_pointed(way, way.uncut()) for way in ways]


def _pointed(way: CutWay, cut: Cut) -> Choice:
    return way, cut, way.point(cut)


def _time(choice: Choice) -> tuple[float, int]:
    way, _, point = choice
    return way.time(point), point.bytes


def _check_possible(ways: Sequence[CutWay]) -> None:
    """Raise ModelError, with the reasons, where no cut of any way fetches anything that pays."""
    if any(point.fetched for point in find_frontier(ways).points):
        return
    name = ways[0].plan.original.name
    if any(way.problem.offers for way in ways):
        raise ModelError(
            f"{name}: no item part is worth it: each value that could be stored takes longer to "
            "fetch than to compute; serve it with 'mari optimize' alone"
        )
    reasons = {name: why for way in ways for name, why in way.found.sides.reasons.items()}
    told = first_names([f"{name}: {why}" for name, why in reasons.items()], _NAMES)
    raise ModelError(
        f"{name}: no item part is possible, since nothing that takes time is "
        f"computed of item features alone ({told or _MEETING}); label what "
        'only depends on the item as "item"'
    )
