"""The nouns that results are made of: frozen, small, and free of graph objects.

Everything here holds names and numbers only, so that it goes to JSON, compares in tests and
survives a clone of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mari_engine.labels import Role

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done; raise Cancelled in it to stop."""


class Signature(StrEnum):
    """How the optimized model is called (see the README's *Calling contract*)."""

    DROP_IN = "drop-in"
    COMPACT = "compact"


class Side(StrEnum):
    """Where a value comes from, as the paper's graph coloring sees it."""

    CONSTANT = "constant"
    REQUEST = "request"
    """Yellow: one value per request (only user and context features reach it)."""
    ITEM = "item"
    """Blue: only item features reach it."""
    CANDIDATE = "candidate"
    """Blue: cross features, or request and item together."""


class Action(StrEnum):
    """What became of a product."""

    SPLIT = "split"
    """Its request share runs once per request, its candidate share per candidate."""
    ONCE = "once"
    """It runs at one row, once per request."""
    FUSED = "fused"
    """It became part of another product."""
    KEPT = "kept"
    """It is as it was."""


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
    """What one node does for a request, apart by what it is paid for."""

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
    """Split, and what is per request folded into the weights that the candidates meet."""
    SPLIT = "split"
    """Request and candidate share of each product apart: MaRI itself."""
    HOIST = "hoist"
    """Only what does not depend on the candidates runs once."""
    ORIGINAL = "as it was"


@dataclass(frozen=True)
class Trial:
    """What one way costs: seconds for one request of the expected number of candidates."""

    way: Way
    expected: float
    """By prices, see `Selection.prices`."""
    measured: float | None = None
    """Processor time on this machine, one thread, median of interleaved rounds; None: not timed."""


@dataclass(frozen=True)
class Selection:
    """Which way a model was rewritten, and how that was chosen."""

    way: Way
    chosen_by: str
    """"measured" (the ways were timed in place) or "expected" (their costs were compared)."""
    reason: str
    trials: tuple[Trial, ...]
    """The original among them, and every way that differs from those before it."""
    break_even: BreakEven | None = None
    """Of the whole model; None where it is as it was."""
    prices: str = "built-in"
    """Where the prices of expected times come from."""


@dataclass(frozen=True)
class Segment:
    """The columns `start` to `stop` (half-open) of a concatenation, and where they come from."""

    start: int
    stop: int
    side: Side
    source: str
    """The value, or the input and column name, that fills these columns."""
    source_start: int = 0
    """The first column within the source."""


@dataclass(frozen=True)
class FusionLayout:
    """The columns of one fusion layer's input, as they were and as they are.

    Both lists cover the same columns; `after` lists request columns first, then candidate
    columns, so that each side is one block. `node` is the original product.
    """

    node: str
    before: tuple[Segment, ...]
    after: tuple[Segment, ...]

    @property
    def fragments_before(self) -> int:
        """The runs of adjacent columns with the same side."""
        return _runs(self.before)

    @property
    def fragments_after(self) -> int:
        """The runs of adjacent columns with the same side, after reorganization."""
        return _runs(self.after)


def _runs(segments: tuple[Segment, ...]) -> int:
    yellow = [segment.side == Side.REQUEST for segment in segments]
    return sum(1 for at, side in enumerate(yellow) if at == 0 or side != yellow[at - 1])


@dataclass(frozen=True)
class ValueColor:
    """What is known of one value of the original graph."""

    side: Side
    roles: frozenset[Role]
    shape: tuple[int | str, ...] | None
    """Extents, symbols by name (the candidates are "N"); None when the rank is unknown."""
    dtype: str
    candidate_axis: int | None = None
    """The axis along which candidates lie (alone or as one factor), or None."""


@dataclass(frozen=True)
class Coloring:
    """The colored graph: each value's side, and the segments of each candidate-side join."""

    values: Mapping[str, ValueColor]
    segments: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """By node name: the pieces of each concatenation that joins different sides."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """By node name: why a node is not understood (and is therefore left as it is)."""


@dataclass(frozen=True)
class TensorInfo:
    """A graph input, output or initializer."""

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None
    bytes: int | None = None
    """Size of an initializer; None for inputs and outputs."""


@dataclass(frozen=True)
class GraphNode:
    """A node of a graph, as plain data for viewers."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    """Value names; "" where an optional input is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, str]
    """Attribute texts, shortened when long."""
    scope: str = ""
    """The module path, from metadata or from a name such as /tower/0/MatMul; "" if unknown."""
    sources: tuple[str, ...] = ()
    """In an optimized graph: the original nodes it was made from."""
    side: Side | None = None
    """In an optimized graph: whether it runs once per request or per candidate."""


@dataclass(frozen=True)
class GraphInfo:
    """A whole graph as plain data: what a viewer or a summary card needs."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    initializers: tuple[TensorInfo, ...]
    nodes: tuple[GraphNode, ...]
    opset: int
    ir_version: int
    producer: str
    parameters: int
    bytes: int
    """Size of all initializers."""
    candidate_axis: int | None
    """The inputs' axis that is taken for the candidates; None when no input has a free axis."""
