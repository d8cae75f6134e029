"""The cost of a request of N candidates, affine in N: `per_request + N * per_candidate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Flops:
    """Floating-point operations: `per_request + n * per_candidate` for n candidates."""

    per_request: int = 0
    per_candidate: int = 0

    def at(self, candidates: int) -> int:
        """Return the operations of one request with this many candidates."""
        return self.per_request + candidates * self.per_candidate

    def __add__(self, other: Flops) -> Flops:
        return Flops(self.per_request + other.per_request, self.per_candidate + other.per_candidate)


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
