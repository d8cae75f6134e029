"""Redundancy measurements: FLOPs, ranks and times of a model, as names and numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mari_engine.types.decisions import Action
from mari_engine.types.flops import Flops


@dataclass(frozen=True)
class OperandMeasure:
    """One operand of a product, as it was over all runs of one candidate each.

    Columns are the places along the axes that the product sums over, all other axes taken
    together; an operand of an op without a sum that is known (a recurrent node) has none.
    """

    value: str
    shape: tuple[int, ...]
    """For one candidate."""
    constant: bool
    """No input of the model reaches it: a weight."""
    columns: int
    fixed: tuple[tuple[int, int], ...]
    """The runs of columns (half-open) that never differed between candidates of one request."""
    undecided: int
    """Columns that were the same in every run, of all users: their side stays unknown."""
    repeated: Mapping[int, int] = field(default_factory=dict)
    """By another axis of more than one: how many columns were the same all along it."""
    rank: int | None = None
    """The affine rank over the candidates, the largest of the slices looked at; None where it
    was not measured or was as large as the number of candidates can show."""


@dataclass(frozen=True)
class ProductMeasure:
    """One product of the original: FLOPs of its multiplications (additions of a bias not counted).

    None stands for what could not be measured; `unmeasured` then says why.
    """

    node: str
    op: str
    before: Flops | None = None
    """As exported, by the extents seen in runs of 1, 2 and 3 candidates."""
    attainable: Flops | None = None
    """Each multiplication as often as one of its factors was seen to differ: by columns, norms and
    softmaxes over both sides taken apart, what nothing reads left out."""
    limit: Flops | None = None
    """And by affine rank: what folding could reach at best, the making of weights not counted."""
    reached: Flops | None = None
    """What the rewritten model does in this product's place."""
    operands: tuple[OperandMeasure, ...] = ()
    action: Action | None = None
    reason: str = ""
    """What was decided for it, and why."""
    unmeasured: str = ""

    def left(self, candidates: int) -> int:
        """Return the FLOPs of a request that are above what is attainable without folding."""
        if self.reached is None or self.attainable is None:
            return 0
        return max(0, self.reached.at(candidates) - self.attainable.at(candidates))


@dataclass(frozen=True)
class NodeTime:
    """The time of one node of the original, from onnxruntime's profile."""

    node: str
    op: str
    seconds: float
    varies: bool
    """Some result differed between candidates of one request."""
    grows: bool
    """Some result grows with the number of candidates."""


@dataclass(frozen=True)
class TimeMeasure:
    """Where the original's time goes at this many candidates, graph optimizations off."""

    candidates: int
    total: float
    """Seconds of all nodes."""
    repeated: float
    """Seconds in nodes whose results never differ between candidates, though computed for each."""
    attainable: float
    """Seconds that would be left if those ran once, and products took time by their FLOPs."""
    nodes: tuple[NodeTime, ...]

    @property
    def share(self) -> float:
        """The share of the time in nodes that compute the same for each candidate."""
        return self.repeated / self.total if self.total else 0.0


@dataclass(frozen=True)
class LabelFinding:
    """A label that a run contradicts (wrong), or that could be another one (hint)."""

    kind: Literal["wrong", "hint"]
    input: str
    columns: tuple[int, int] | None
    """Half-open, of a packed input's last axis; None for a whole input."""
    feature: str
    rows: tuple[int, ...]
    """The first rows that differ from row 0; empty for a hint."""
    moved: tuple[str, ...]
    """Values colored request side that change with it, the first few in graph order."""
    text: str


@dataclass(frozen=True)
class Measurement:
    """What a model could save and what was reached, measured by running it."""

    model: str
    candidates: int
    """The number of candidates that totals and times are for."""
    seeds: tuple[int, ...]
    """Of the requests that were drawn."""
    products: tuple[ProductMeasure, ...]
    before: Flops
    attainable: Flops
    limit: Flops
    reached: Flops | None
    """Of the whole rewritten model's products; None where it could not be run."""
    time: TimeMeasure | None
    labels: tuple[LabelFinding, ...]
    notes: tuple[str, ...]
    """What could not be measured, and under which conditions the rest was."""

    @property
    def ratio(self) -> float | None:
        """Reached by attainable FLOPs of a request; 1 is all, less is folded or done elementwise.

        None where either is not known; in a model without products nothing is left.
        """
        blind = self.products and all(each.before is None for each in self.products)
        if self.reached is None or blind:
            return None
        there, here = self.attainable.at(self.candidates), self.reached.at(self.candidates)
        return here / there if there else 1.0 if not here else None

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari inspect --measure --json` holds as `measurement`."""
        return {"version": 1, **dataclasses.asdict(self), "ratio": self.ratio}
