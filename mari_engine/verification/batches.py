"""Batches of several requests: each request's results are those that the original gives it alone.

The requests of a batch are drawn apart, so that users differ; some have no candidates: the first,
one between others, or the last. Orders of the same requests are batches of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan, Values, bind_batch
from mari_engine.types import Feeds, Signature
from mari_engine.verification.case_runs import pair_results
from mari_engine.verification.empty_request import find_risky
from mari_engine.verification.judgement import TYPICAL, CaseResult
from mari_engine.verification.model_pair import ModelPair, OpenedPair, Outputs

_LENGTHS = (4, 2, 7, 1)
"""Of all histories of a batch, of which the first that the original takes: whoever fills one pads
them to one length."""


@dataclass(frozen=True)
class Batch:
    """Some requests: their seeds, how many candidates each has, and what is special, in words."""

    seeds: tuple[int, ...]
    counts: tuple[int, ...]
    what: str
    values: Values = Values.TYPICAL

    def turned(self) -> Batch:
        """Return the same requests in the opposite order."""
        what = "the same in another order"
        return Batch(self.seeds[::-1], self.counts[::-1], what, self.values)


_SKEWED = Batch(tuple(range(7)), (0, 5, 0, 1, 2, 9, 0), "some without candidates")
_MANY = Batch(tuple(range(16)), (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 33), "of many sizes")
_EMPTY = Batch((0, 1), (0, 0), "none with candidates")
BATCHES = (
    Batch((0, 1), (3, 3), "as many candidates each"),
    Batch((0, 1), (3, 3), "of other magnitudes", Values.MAGNITUDES),
    Batch((0, 1), (17, 0), "all candidates of the first"),
    Batch(tuple(range(7)), (0, 0, 0, 0, 0, 0, 11), "all candidates of the last"),
    _SKEWED,
    _SKEWED.turned(),
    _MANY,
    _MANY.turned(),
)
"""The batches of every check; the rest of it are batches of one request."""
_MAY_BE_EMPTY = 14
"""The opset from which on shapes hold extents of 0."""


def run_batches(opened: OpenedPair, plan: FeedPlan) -> tuple[list[CaseResult], str]:
    """Return what both models make of batches, and what they do not show ("" if they show it).

    Nothing of a model that takes one request a call.
    """
    if opened.models.signature != Signature.BATCHED:
        return [], ""
    pair = opened.models
    batches = [*BATCHES, _EMPTY] if _is_empty_answered(opened, plan) else BATCHES
    results = []
    for batch in batches:
        requests, alone = _find_requests(opened, plan, batch)
        if alone:
            results.append(_run_batch(opened, batch, requests, alone))
        elif batch.values == Values.TYPICAL:
            return results, "the original refuses requests of which batches were drawn"
    if not _users_differ(plan, pair):
        return results, "all requests of the batches were alike: nothing shows whose is whose"
    return results, ""


def _is_empty_answered(opened: OpenedPair, plan: FeedPlan) -> bool:
    """Return True where the original answers a request of no candidates, and may be asked here."""
    pair = opened.models
    if pair.original.opset < _MAY_BE_EMPTY or find_risky(pair.original, pair.optimized):
        return False
    return plan.fixed_batch is None and opened.is_answered(plan.draw(batch=0, seed=0))


def _find_requests(
    opened: OpenedPair, plan: FeedPlan, batch: Batch
) -> tuple[list[Feeds], list[Outputs]]:
    """Return requests of one length that the original takes, and its results; else none."""
    for length in _LENGTHS:
        requests = list(_draw(plan, batch, length))
        try:
            return requests, [opened.run_original(feeds) for feeds in requests]
        except ExecutionError:
            continue
    return [], []


def _run_batch(
    opened: OpenedPair, batch: Batch, requests: Sequence[Feeds], alone: Sequence[Outputs]
) -> CaseResult:
    """Return the results of one batch beside those of its requests."""
    interface = opened.models.interface
    assert interface is not None
    name = f"{TYPICAL}, {len(batch.counts)} requests in one call, {batch.what}"
    total, once = sum(batch.counts), opened.models.per_request_outputs
    bound = bind_batch(requests, interface, batch.counts)
    try:
        together = opened.run_bound(bound)
    except ExecutionError as error:
        failure = f"the optimized model cannot run a batch of what the original runs ({error})"
        return CaseResult(total, batch.seeds[0], name, {}, failure, bound)
    before = join_outputs(alone, batch.counts, once)
    beyond = batch.values != Values.TYPICAL and any(map(opened.exceeds_halves, requests))
    if beyond:
        before, together = before._replace(own=None), together._replace(own=None)
    results = pair_results(before, together, frozenset())
    return CaseResult(
        total, batch.seeds[0], name, results, feeds=bound, beyond_halves=beyond,
        parts=tuple(zip(requests, batch.counts, strict=True)), once=once,
    )  # fmt: skip


def _draw(plan: FeedPlan, batch: Batch, length: int = _LENGTHS[0]) -> Iterator[Feeds]:
    """Yield a request for each place; one candidate at least, which tells the request's own row."""
    for seed, count in zip(batch.seeds, batch.counts, strict=True):
        yield plan.draw(batch=max(1, count), seed=seed, length=length, values=batch.values)


def join_outputs(alone: Sequence[Outputs], counts: Sequence[int], once: frozenset[str]) -> Outputs:
    """Return what a batch should give, of what its requests give alone: one behind the other.

    Of `once` it is the first row of each request, of other outputs as many as it has candidates.
    """
    own = _join([each.own for each in alone], counts, once)
    return Outputs(own, _join([each.wide for each in alone], counts, once), {})


def _join(
    outputs: Sequence[Feeds | None], counts: Sequence[int], once: frozenset[str]
) -> Feeds | None:
    known = [each for each in outputs if each is not None]
    if len(known) < len(outputs):
        return None
    joined: Feeds = {}
    for name in known[0]:
        rows = [1] * len(counts) if name in once else counts
        parts = zip((each[name] for each in known), rows, strict=True)
        joined[name] = np.concatenate([part[:count] for part, count in parts])
    return joined


def _users_differ(plan: FeedPlan, pair: ModelPair) -> bool:
    """Return True where the request's own rows differ between the requests of a batch."""
    assert pair.interface is not None
    requests = list(_draw(plan, _SKEWED))
    bound = bind_batch(requests, pair.interface)
    own = [bound[item.name] for item in pair.interface.inputs if item.rows == "request"]
    return any(not np.array_equal(array[0], row) for array in own for row in array[1:])
