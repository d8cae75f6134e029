"""Probe requests: several candidates of one user, one at a time and together in one batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mari_engine.feeds import FeedPlan, PlannedInput
from mari_engine.types import Feeds

_OTHER_CANDIDATES = 1 << 20
"""Added to seeds, so that candidates are not drawn like the users they meet."""


@dataclass(frozen=True)
class Requester:
    """Draws requests by the labels; symbols other than the candidates' have `length`."""

    plan: FeedPlan
    seeds: tuple[int, ...]
    """One user each."""
    candidates: int
    """How many candidates each user meets, one at a time."""
    length: int
    copies: int = 1
    """How often each candidate stands in the requests of one: 2 where the model takes no fewer."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The batch sizes that are compared to see what grows with the candidates, ascending.

        Only one where the model allows no other.
        """
        if self.plan.fixed_batch is not None:
            return (self.copies,)
        return (self.copies, self.copies + 1, self.copies + 2)

    def singles(self) -> Iterator[tuple[int, Feeds]]:
        """Yield requests of one candidate, user by user, each with the candidate's number."""
        for seed in self.seeds:
            user = self.draw(seed)
            yield 0, user
            for number in range(1, self.candidates):
                yield number, self.combine(user, self.draw(seed + _OTHER_CANDIDATES * number))

    def draw(self, seed: int) -> Feeds:
        """Return a request of one candidate, repeated as often as the model needs."""
        feeds = self.plan.draw(batch=self.copies, seed=seed, length=self.length)
        for item in self.plan.inputs if self.copies > 1 else ():
            for axis in self.plan.candidate_axes(item):
                first = np.take(feeds[item.name], [0], axis)
                feeds[item.name] = np.repeat(first, self.copies, axis)
        return feeds

    def batch(self, candidates: int) -> Feeds:
        """Return the first user's request with this many candidates at once."""
        return self.plan.draw(batch=candidates, seed=self.seeds[0], length=self.length)

    def combine(self, user: Feeds, candidates: Feeds) -> Feeds:
        """Return a request with per-request features from `user`, all others from `candidates`."""
        out = dict[str, np.ndarray]()
        for item in self.plan.inputs:
            array = candidates[item.name].copy()
            for part in item.parts:
                if part.per_request:
                    place = (..., slice(part.start, part.stop)) if part.stop else (...,)
                    array[place] = user[item.name][place]
            out[item.name] = array
        return out


def rows_of(plan: FeedPlan, feeds: Feeds, row: int) -> Feeds:
    """Return the request of one candidate out of a larger request."""
    batch = plan.batch_of(feeds)
    return {
        item.name: _cut(feeds[item.name], axes_of_rows(plan, item, feeds, batch), row)
        for item in plan.inputs
    }


def axes_of_rows(plan: FeedPlan, item: PlannedInput, feeds: Feeds, batch: int) -> tuple[int, ...]:
    """Return the axes of an input that have a place for each candidate of this request."""
    axes = plan.candidate_axes(item)
    leading = item.extents[:1]
    alike = bool(leading) and leading[0] in plan.drawn_alike and len(feeds[item.name]) == batch
    return axes or ((0,) if alike else ())


def _cut(array: np.ndarray, axes: tuple[int, ...], row: int) -> np.ndarray:
    for axis in axes:
        array = np.take(array, [row], axis)
    return array
