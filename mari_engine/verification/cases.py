"""The requests of a check: a user's own, typical ones, and some with unusual values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mari_engine.errors import ContradictedLabel
from mari_engine.feeds import FeedPlan, Request, Values, check_request
from mari_engine.graph import Model
from mari_engine.types import Feeds, Labels
from mari_engine.verification.judgement import TYPICAL
from mari_engine.verification.shared_values import MOST_CANDIDATES

_FEW = 3
"""About how many candidates requests with unusual values have."""
_STATED = 8
"""Extents of the graph that are tried as numbers of candidates."""
_LONG, _SHORT = (300, 150, 67, 23, 11), (0, 1)
"""Lengths of histories beyond the usual 2 to 6, of which the first that the original takes."""


@dataclass(frozen=True, eq=False)
class Case:
    """One request that both models answer."""

    batch: int
    seed: int | None
    request: str
    feeds: Feeds
    otherwise: tuple[Callable[[], Feeds], ...] = ()
    """What is drawn and sent, in turn, where the original refuses these feeds."""
    needed: bool = True
    """The certificate says so where the original refuses it."""


def own_cases(plan: FeedPlan, requests: Sequence[Feeds], original: Model) -> Iterator[Case]:
    """Yield the user's own requests; FeedError for one that does not fit the model."""
    for at, feeds in enumerate(requests, start=1):
        name = feeds.name if isinstance(feeds, Request) else f"request {at}"
        check_request(feeds, original, None, where=name)
        yield Case(plan.batch_of(feeds), None, name, feeds)


def few_of(batches: Sequence[int]) -> int:
    """Return the number of candidates of requests with unusual values."""
    return min(batches, key=lambda batch: abs(batch - _FEW))


def several_of(batches: Sequence[int]) -> int:
    """Return the largest number of candidates of which values inside both models are compared."""
    return max((batch for batch in batches if batch <= MOST_CANDIDATES), default=few_of(batches))


def find_contradiction(own: Sequence[Case], original: Model, labels: Labels) -> str:
    """Return which label a user's own request contradicts, or "".

    Drawn requests are true to the labels, so that what they show says nothing of this one.
    """
    try:
        for case in own:
            check_request(case.feeds, original, labels, where=case.request)
    except ContradictedLabel as error:
        return str(error)
    return ""


def drawn_cases(plan: FeedPlan, batches: Sequence[int], seeds: Sequence[int]) -> Iterator[Case]:
    """Yield typical requests, then some that reach rare branches, table ends and other lengths."""

    def case(
        batch: int, seed: int, request: str, *, values: Values = Values.TYPICAL,
        lengths: tuple[int | None, ...] = (None,),
    ) -> Case:  # fmt: skip
        draws = [
            partial(plan.draw, batch=batch, seed=seed, length=length, apart=apart, values=values)
            for length in lengths
            for apart in ((True, False) if plan.drawn_alike else (True,))
        ]
        first, *others = draws
        return Case(batch, seed, request, first(), tuple(others), needed=request == TYPICAL)

    for batch in batches:
        for seed in seeds:
            yield case(batch, seed, TYPICAL)
    few = few_of(batches)
    for at, seed in enumerate(seeds):
        for values in (Values.MAGNITUDES, (Values.EDGES, Values.OTHER_EDGES)[at % 2]):
            name = Values.EDGES if values == Values.OTHER_EDGES else values  # they share a noise
            yield case(few, seed, f"{TYPICAL}, {name}", values=values)
    for values in (Values.TINY, Values.ZEROS, *_values_of(plan)) if seeds else ():
        yield case(few, seeds[0], f"{TYPICAL}, {values}", values=values)
    if plan.has_lengths and seeds:
        for lengths in (_LONG, _SHORT if plan.may_be_empty else _SHORT[1:]):
            yield case(few, seeds[0], f"{TYPICAL}, of length {lengths[0]}", lengths=lengths)


def _values_of(plan: FeedPlan) -> Iterator[Values]:
    """Yield the unusual values of ids and texts that a model takes."""
    if plan.has_ids:
        yield Values.PADDED
    if plan.has_words:
        yield Values.UNLISTED
    if plan.has_unbounded:
        yield Values.ANY_WHOLE


def stated_cases(plan: FeedPlan, original: Model, seed: int) -> Iterator[Case]:
    """Yield a typical request of each number that the graph states as an extent, least first.

    A graph may take a single number of candidates, which another axis that they meet has.
    """
    graph = original.ir.graph
    stated = {
        extent
        for value in (*graph.inputs, *graph.outputs, *graph.initializers.values())
        for extent in value.shape or ()
        if isinstance(extent, int) and 1 < extent <= MOST_CANDIDATES
    }
    for batch in sorted(stated)[:_STATED]:
        yield Case(batch, seed, TYPICAL, plan.draw(batch=batch, seed=seed))
