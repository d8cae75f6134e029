"""The cost of a request of N candidates: `per_request + N * per_candidate + N^2 * per_pair`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

DEFAULT_CANDIDATES = 500
"""That a request is expected to have, where nobody says how many."""


@dataclass(frozen=True)
class Flops:
    """Operations of n candidates: `per_request + n * per_candidate + n^2 * per_pair`.

    >>> (Flops(1, 2) + Flops(per_pair=3)).at(10)
    321
    """

    per_request: int = 0
    per_candidate: int = 0
    per_pair: int = 0
    """For each candidate with each, itself included, in models that rank a list as a whole."""

    def at(self, candidates: int) -> int:
        """Return the operations of one request with this many candidates."""
        return self.per_request + candidates * self.each(candidates)

    def each(self, candidates: int) -> int:
        """Return the operations for each of this many candidates."""
        return self.per_candidate + candidates * self.per_pair

    def map(self, change: Callable[[int], int]) -> Flops:
        """Return what each of the numbers is changed into."""
        return Flops(change(self.per_request), change(self.per_candidate), change(self.per_pair))

    def __add__(self, other: Flops) -> Flops:
        return Flops(
            self.per_request + other.per_request,
            self.per_candidate + other.per_candidate,
            self.per_pair + other.per_pair,
        )

    def __sub__(self, other: Flops) -> Flops:
        return self + other.map(lambda count: -count)


@dataclass(frozen=True)
class Work:
    """What one node does for a request, apart by what determines its time."""

    products: Flops = Flops()
    """FLOPs of sums of products."""
    slices: Flops = Flops()
    """FLOPs of convolutions, recurrences and the like."""
    arithmetic: Flops = Flops()
    """FLOPs of everything else, place by place."""
    bytes: Flops = Flops()
    """Read and written."""
    pieces: Flops = Flops()
    """Pieces of rows that are joined."""
    runs: Flops = Flops()
    """Runs of elements that are picked by index, or over which a broadcast goes."""
    batched: Flops = Flops()
    """Matrices that are multiplied one by one, in stacks."""
    rounds: Flops = Flops()
    """The nodes that run within loops, each time around."""
    calls: int = 1
    """0 for what is known before the run, and for what runtimes compute when they load a model."""


@dataclass(frozen=True)
class Cost:
    """What a model does for a request: FLOPs, bytes moved, and the same for each node."""

    flops: Flops
    bytes: Flops
    nodes: Mapping[str, Flops]
    """FLOPs by node name."""
    works: Mapping[str, Work] = field(default_factory=dict)
    """All that each node does, by name."""
    uncounted: tuple[str, ...] = ()
    """The operators present whose work is not counted, or not as it grows, sorted."""


@dataclass(frozen=True)
class FlopsReport:
    """The cost of the original and of the optimized model."""

    before: Cost
    after: Cost

    def ratio(self, candidates: int) -> float:
        """Return how many times fewer FLOPs the optimized model needs at this many candidates."""
        return self.before.flops.at(candidates) / max(1, self.after.flops.at(candidates))


@dataclass(frozen=True)
class BreakEven:
    """The fewest candidates from which on the rewritten is expected to be faster."""

    original: int | None
    """Than what was there before; None: it is not, at any number."""
    split: int | None = None
    """Than the plain split; None: it is that split, or there is none, or it is not faster."""
