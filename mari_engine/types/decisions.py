"""What became of each product, and which way of rewriting was selected for the whole model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mari_engine.types.flops import BreakEven, Flops

_LEAST = 1e-12
"""Seconds; no time is shorter, so that a ratio has a value."""


class Action(StrEnum):
    """What became of a product."""

    SPLIT = "split"
    """`[u | x[n]] W = u W_u + x[n] W_x`: u W_u runs once per request, x[n] W_x per candidate."""
    ONCE = "once"
    """Hoisted: it runs at one row, once per request."""
    FUSED = "fused"
    """It became part of another product, or other operators compute it now."""
    KEPT = "kept"
    """It is as it was: the same operator, with the same FLOPs; what it reads may be laid anew."""


@dataclass(frozen=True)
class Decision:
    """What became of one product (or attention, convolution, recurrent node), and why."""

    node: str
    op: str
    action: Action
    reason: str
    flops_before: Flops
    flops_after: Flops
    """Of a new node that several products were made into, each has its share."""
    new_nodes: tuple[str, ...] = ()
    break_even: BreakEven | None = None
    """By costs, of this product alone; None where nothing about it changed."""


class Way(StrEnum):
    """The ways to rewrite a model, from the furthest to none."""

    FOLD = "fold"
    """Split, and request factors folded into weights: `(x[n] * q) W = x[n] (diag(q) W)`."""
    KEEP_NORMS = "fold, norms whole"
    """The same, but for norms and scales of whole rows: they join the columns of both sides."""
    SPLIT = "split"
    """Request and candidate share of each product apart: MaRI itself."""
    HOIST = "hoist"
    """Loop-invariant hoisting alone: what does not depend on the candidates runs once."""
    ORIGINAL = "as it was"


@dataclass(frozen=True)
class Speedup:
    """How many times as fast as the original: its time over another's."""

    ratio: float
    """Of times from the same round, the median over rounds; of expected times their ratio."""
    low: float | None = None
    """10th percentile of the same ratios over rounds; None where nothing was timed."""
    high: float | None = None
    """90th percentile of the same ratios over rounds; None where nothing was timed."""


@dataclass(frozen=True)
class Trial:
    """What one way costs: seconds for one request of the expected number of candidates."""

    way: Way
    expected: float
    """By prices, see `Selection.prices`."""
    measured: float | None = None
    """Processor time on this machine, one thread, median of interleaved rounds; None: not timed."""
    speedup: Speedup | None = None
    """Over the original in the same rounds; None where it was not timed."""


@dataclass(frozen=True)
class StackedLookups:
    """Lookups at columns of packed inputs, and the fewer on stacked tables that they became.

    Tables in other files are never among them.
    """

    lookups_before: int
    lookups_after: int
    bytes_before: int
    """Of the tables that are read, each once."""
    bytes_after: int
    """Of the same in the new model, and of the constants that find an id's row in a stack."""


@dataclass(frozen=True)
class Selection:
    """Which way a model was rewritten, and how that was chosen."""

    way: Way
    chosen_by: str
    """"measured" (the ways were timed in place), "expected" (their costs were compared), or
    "given" (the way was asked for)."""
    reason: str
    trials: tuple[Trial, ...]
    """The original among them, and every way that differs from those before it."""
    break_even: BreakEven | None = None
    """Of the whole model; None where it is as it was."""
    prices: str = "built-in"
    """Where the prices of expected times come from."""
    stacked: StackedLookups | None = None
    """None where no lookups were stacked."""

    @property
    def timed(self) -> bool:
        """True where times were measured to choose by, False where they are expected."""
        return self.chosen_by == "measured"

    def seconds(self, way: Way) -> float | None:
        """Return seconds of a request: measured where the ways were timed, else expected."""
        for trial in self.trials:
            if trial.way == way:
                return trial.measured if self.timed else trial.expected
        return None

    @property
    def speedup(self) -> Speedup | None:
        """The one figure that pages, reports and commands tell; None where it is not known.

        1 of a model that is left as it was.
        """
        before, after = self.seconds(Way.ORIGINAL), self.seconds(self.way)
        if before is None or after is None:
            return None
        told = next(trial.speedup for trial in self.trials if trial.way == self.way)
        if self.timed and told is not None:
            return told
        return Speedup(before / max(after, _LEAST))
