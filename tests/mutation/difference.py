"""Whether a changed model differs at all: a search by requests that owe nothing to the check's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.feeds.planned_inputs import Part
from mari_engine.graph import Model
from mari_engine.runtime import open_session
from mari_engine.types import Feeds
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import double_model
from mutation.subject import Array, Change

_BATCHES = (1, 2, 7, 40, 300)
_LENGTHS = (0, 1, 2, 5, 13, 40, 90)
_NUMBERS = ("normal", "decades", "large", "zero", "whole", "tails", "equal")
_IDS = ("uniform", "ends", "run", "mostly first", "one")
_EXACT, _ROUNDED = 1e-9, 2.0**-19
"""What counts as a difference, relative to the largest number: in float64, and in float32."""


@dataclass(frozen=True)
class Way:
    """How a request's numbers and ids are drawn."""

    numbers: str
    ids: str
    sent: int | None = None
    """The id that is sent wherever it is valid."""


class Search:
    """Requests for one model and what it answers; asked of each changed model in turn."""

    def __init__(
        self, original: Model, optimized: Model, plan: FeedPlan, *, seed: int, count: int
    ) -> None:
        self._original = _runner(original, exact=False)
        self._optimized = optimized
        self._plan = plan
        self._seed = seed
        self._requests = list(_requests(plan, seed, count))
        self._answers: dict[tuple[bool, int], Feeds | None] = {}
        self._right = {exact: _runner(optimized, exact=exact) for exact in (True, False)}

    def find(self, changed: Model, change: Change) -> str:
        """Return which request tells the two apart, or "" where none of them does.

        In float64, except where the change is a rounding. Requests that are aimed at the change,
        with the ids that it is about, are sent first.
        """
        exact = not change.rounds
        run = _runner(changed, exact=exact)
        for at, feeds in enumerate(self._aimed(change.ids)):
            if self._shows(feeds, _answer(self._right[exact], feeds), run, exact=exact):
                return f"aimed request {at}"
        for at, feeds in enumerate(self._requests):
            if (exact, at) not in self._answers:
                self._answers[exact, at] = _answer(self._right[exact], feeds)
            if self._shows(feeds, self._answers[exact, at], run, exact=exact):
                return f"request {at}"
        return ""

    def _shows(
        self, feeds: Feeds, right: Feeds | None, run: Callable[[Feeds], Feeds], *, exact: bool
    ) -> bool:
        """Return whether the changed model differs on a request that the original answers."""
        differs = right is not None and _differ(right, _answer(run, feeds), exact=exact)
        return differs and _answer(self._original, feeds) is not None

    def _aimed(self, ids: tuple[int, ...]) -> Iterator[Feeds]:
        for at, one in enumerate(ids):
            rng = np.random.default_rng([self._seed, at])
            for numbers in ("normal", "decades"):
                batch = self._plan.fixed_batch or 7
                yield _draw(self._plan, (batch, 13), Way(numbers, "one", one), rng)


def _requests(plan: FeedPlan, seed: int, count: int) -> Iterator[Feeds]:
    ways = list(itertools.product(_LENGTHS, _NUMBERS, _IDS))
    np.random.default_rng(seed).shuffle(ways)
    batches = (plan.fixed_batch,) if plan.fixed_batch is not None else _BATCHES
    for at in range(count):
        length, numbers, ids = ways[at % len(ways)]
        if int(length) or plan.may_be_empty:
            size = (batches[at % len(batches)], int(length))
            yield _draw(plan, size, Way(numbers, ids), np.random.default_rng([seed, at]))


def _draw(plan: FeedPlan, size: tuple[int, int], way: Way, rng: np.random.Generator) -> Feeds:
    """Return a request of some candidates, and of histories so long."""
    batch, length = size
    found: dict[str, Array] = {}
    sized = plan.candidate_symbols | plan.drawn_alike
    for item in plan.inputs:
        shape = tuple(
            extent if isinstance(extent, int) else batch if extent in sized else length
            for extent in item.extents
        )
        drawn = []
        for part in item.parts:
            wanted = shape if part.stop is None else (*shape[:-1], part.stop - part.start)
            repeated = plan.candidate_axes(item) if part.per_request else ()
            once = tuple(1 if at in repeated else extent for at, extent in enumerate(wanted))
            drawn.append(np.broadcast_to(_values(part, once, way, rng), wanted))
        found[item.name] = np.array(np.concatenate(drawn, axis=-1) if len(drawn) > 1 else drawn[0])
    return found


def _values(part: Part, shape: tuple[int, ...], way: Way, rng: np.random.Generator) -> Array:
    feature = part.feature
    kind = feature.dtype.kind
    if kind in "OSUT":
        return rng.integers(0, 2, shape).astype(str).astype(object)
    if kind == "b" or re.search("mask", feature.name, re.IGNORECASE):
        share = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        return np.asarray(rng.uniform(size=shape) < share, feature.dtype)
    if kind in "iu" or feature.whole:
        low, high = (int(bound) for bound in feature.bounds or (0, 2))
        return np.asarray(_ids(way, (low, max(high, low + 1)), shape, rng), feature.dtype)
    if feature.bounds is not None:
        return np.asarray(rng.uniform(*feature.bounds, shape), feature.dtype)
    return np.asarray(_numbers(way.numbers, shape, rng), feature.dtype)


def _ids(
    way: Way, bounds: tuple[int, int], shape: tuple[int, ...], rng: np.random.Generator
) -> Array:
    low, high = bounds
    drawn = rng.integers(low, high, shape)
    if way.sent is not None:
        return np.full(shape, np.clip(way.sent, low, high - 1))
    if way.ids == "ends":
        return np.where(drawn % 2, low, high - 1)
    if way.ids == "run":
        after = rng.integers(high - low) + np.arange(drawn.size)
        return low + after.reshape(shape) % (high - low)
    if way.ids == "mostly first":
        return np.where(rng.uniform(size=shape) < 0.8, low, drawn)
    if way.ids == "one":
        return np.full(shape, rng.integers(low, high))
    return drawn


def _numbers(way: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    normal = rng.standard_normal(shape)
    if way == "decades":
        return normal * 10.0 ** rng.uniform(-3, 3, shape)
    if way == "large":
        return np.abs(normal) * 50
    if way == "zero":
        return np.zeros(shape)
    if way == "whole":
        return np.round(3 * normal)
    if way == "tails":
        return np.clip(rng.standard_cauchy(shape), -1e3, 1e3)
    if way == "equal":
        return np.full(shape, rng.standard_normal())
    return normal


def _runner(model: Model, *, exact: bool) -> Callable[[Feeds], Feeds]:
    if exact:
        return Float64Evaluator(double_model(model)).run
    return open_session(model, threads=1).run


def _answer(run: Callable[[Feeds], Feeds], feeds: Feeds) -> Feeds | None:
    try:
        return run(feeds)
    except ExecutionError:
        return None


def _differ(right: Feeds, wrong: Feeds | None, *, exact: bool) -> bool:
    if wrong is None:
        return True
    return any(_apart(right[name], wrong[name], exact=exact) for name in right)


def _apart(right: Array, wrong: Array, *, exact: bool) -> bool:
    if right.shape != wrong.shape:
        return True
    if right.dtype.kind != "f":
        return not np.array_equal(right, wrong)
    a, b = right.astype(np.float64), wrong.astype(np.float64)
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)):
        return True
    off, size = np.abs(a - b)[finite], np.abs(a)[finite]
    limit = _EXACT if exact else _ROUNDED
    return bool(np.any(off > limit * size.max(initial=0.0)))
