"""What work costs, in seconds, and what a rewrite would save or spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mari_engine.types import Cost, Work


@dataclass(frozen=True)
class Prices:
    """Seconds: the defaults are those of one core of a present-day server.

    Fitted to onnxruntime 1.31 on one core of a server with AVX-512, over exports of ranking models:
    within 30% of what most of them take, and closer between ways to rewrite one of them.
    """

    flops_per_second: float = 9e10
    """Of products."""
    slices_per_second: float = 3e10
    """Of convolutions, recurrences and the like."""
    arithmetic_per_second: float = 1e10
    """Of everything else, place by place."""
    bytes_per_second: float = 1.2e10
    """Of tensors that caches hold in part."""
    node: float = 1e-6
    """The overhead of one more node."""
    batch: float = 1.5e-7
    """The overhead of one more matrix in a batch of matrix products."""
    piece: float = 7e-9
    """One more piece of a row that is joined."""
    pick: float = 2e-8
    """One more run of elements that is picked by index, or over which a broadcast goes."""
    source: str = "built-in"
    """Where they come from."""


@dataclass(frozen=True)
class Gain:
    """What a split saves and costs, in seconds per request."""

    saves: float
    costs: float

    @property
    def pays(self) -> bool:
        """True when the split is worth it."""
        return self.saves > self.costs

    def __str__(self) -> str:
        return f"saves {self.saves * 1e6:.1f} us, costs {self.costs * 1e6:.1f} us"


def split_gain(
    prices: Prices, *, whole: int, apart: int, copied: int, kept: int, joined: bool, pieces: int,
    products: int, picked: int, taken: float,
) -> Gain:  # fmt: skip
    """Return what a product gains by taking the columns of each side alone.

    `whole` and `apart` are FLOPs; `copied` elements need not be joined any more, and `kept` are
    those of the larger side, in so many `pieces`; `joined` says that the columns are joined
    anyway, for another reader, and `picked` runs of elements would be picked to bring them in
    order. The result is `products` products instead of one, for which other operands must be
    picked apart, in `taken` seconds.
    """
    element = 8.0  # bytes: one float is read and written
    saves = max(0, whole - apart) / prices.flops_per_second
    costs = (products - 1) * prices.node + taken
    if not joined:
        saves += element * copied / prices.bytes_per_second + picked * prices.pick
    elif pieces > 1:
        costs += prices.node + element * kept / prices.bytes_per_second
    return Gain(saves, costs)


@dataclass(frozen=True)
class Line:
    """Expected seconds for a request: `fixed + n * each` for n candidates."""

    fixed: float = 0.0
    each: float = 0.0

    def at(self, candidates: int) -> float:
        """Return the seconds of one request with this many candidates."""
        return self.fixed + candidates * self.each

    def __add__(self, other: Line) -> Line:
        return Line(self.fixed + other.fixed, self.each + other.each)

    def times(self, factor: float) -> Line:
        """Return so many times the seconds."""
        return Line(factor * self.fixed, factor * self.each)


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
    )


def whole_line(cost: Cost, prices: Prices) -> Line:
    """Return the seconds that a whole model is expected to take."""
    return sum((line(work, prices) for work in cost.works.values()), Line())


def faster_from(after: Line, before: Line) -> int | None:
    """Return the fewest candidates from which on `after` takes less time; None: at no number.

    >>> faster_from(Line(3.0, 1.0), Line(0.0, 2.0)), faster_from(Line(1.0, 2.0), Line(0.0, 2.0))
    (4, None)
    """
    gained = before.each - after.each
    if gained <= 0:
        return 1 if gained == 0 and after.fixed < before.fixed else None
    return max(1, math.floor((after.fixed - before.fixed) / gained) + 1)
