"""What a batch is worth: several requests in one call against as many calls of one request."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from mari_engine.feeds import bind_batch, bind_feeds, plan_feeds
from mari_engine.plan_types import Plan
from mari_engine.runtime import open_session

_LENGTH = 20
"""Of histories, which a batch has of one length."""
_ROUNDS = 15
_WORTH = 0.8
"""The share of the single calls' time that a batch must stay below."""


@dataclass(frozen=True)
class BatchWorth:
    """Processor seconds of one thread, for some requests of as many candidates each."""

    requests: int
    candidates: int
    together: float
    """In one call."""
    singly: float
    """In a call each of the compact model."""

    @property
    def ratio(self) -> float:
        """The share of the single calls' time."""
        return self.together / self.singly

    @property
    def pays(self) -> bool:
        """False where single calls are as good."""
        return self.ratio <= _WORTH


def weigh_batch(
    batched: Plan, compact: Plan, *, requests: int = 16, candidates: int = 32
) -> BatchWorth:
    """Return what a batch of random requests is worth; medians of interleaved runs.

    Both plans are of one model and its labels. Raises ExecutionError where one does not run.
    """
    plan = plan_feeds(batched.original, batched.labels)
    drawn = [plan.draw(batch=candidates, seed=at, length=_LENGTH) for at in range(requests)]
    single, several = (open_session(each.optimized, threads=1) for each in (compact, batched))
    alone = [single.bind(bind_feeds(f, compact.interface, compact.signature)) for f in drawn]
    whole = several.bind(bind_batch(drawn, batched.interface))
    together, singly = list[float](), list[float]()
    for at in range(_ROUNDS):
        together.append(whole.seconds(warm_ups=not at, processor=True))
        singly.append(sum(each.seconds(warm_ups=not at, processor=True) for each in alone))
    return BatchWorth(requests, candidates, statistics.median(together), statistics.median(singly))
