"""What differs between two models or artifacts, as `mari diff` tells and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mari_engine.types.flops import Flops


class ChangeKind(StrEnum):
    """What a change is one of."""

    INPUT = "input"
    OUTPUT = "output"
    NODE = "node"
    WEIGHT = "weight"
    """Of another type or shape."""
    CONSTANT = "constant"
    """Numbers that say what is computed: a shape, an axis, an index, a mask."""
    OPSET = "opset"
    ORDER = "order"
    """The same nodes, in another order."""
    LABEL = "label"
    SIDE = "side"
    """Of a node: constant, request, item or candidate."""
    OPTION = "option"
    """Signature, index, candidates, nodes to keep, or way of an artifact."""
    DECISION = "decision"


STRUCTURAL = (
    ChangeKind.INPUT,
    ChangeKind.OUTPUT,
    ChangeKind.NODE,
    ChangeKind.WEIGHT,
    ChangeKind.CONSTANT,
    ChangeKind.OPSET,
    ChangeKind.ORDER,
)
"""The kinds that make two structures differ."""


@dataclass(frozen=True)
class Change:
    """One thing that is there in one only, or in both and unlike."""

    kind: ChangeKind
    name: str
    """In the first, or in the second where the first has none."""
    was: str
    """As a text; "" where the first has none."""
    now: str
    """As a text; "" where the second has none."""


@dataclass(frozen=True)
class WeightChange:
    """How far the elements of a weight are from what they were."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    changed: float
    """The share of elements that differ, from 0 to 1."""
    relative: float | None
    """The norm of the difference by the norm of what was there; None where that is 0 or texts."""
    largest: float | None
    """The largest difference of an element; None of texts."""


@dataclass(frozen=True)
class WeightDifference:
    """The weights that both have, of one type and shape."""

    compared: int
    """How many."""
    of: str
    """Whose they are: "original" or "optimized"; two artifacts hold no originals."""
    changed: tuple[WeightChange, ...] = ()
    """Those with other elements, the largest relative change first."""


@dataclass(frozen=True)
class Difference:
    """All that differs between two models, plans or artifacts."""

    first: str
    second: str
    """Their names."""
    changes: tuple[Change, ...]
    """By kind, in the order of the graphs."""
    matched: int
    """Nodes that were found in both."""
    renamed: int
    """Of these, nodes of another name, which is no change."""
    weights: WeightDifference | None
    """None where the weights of one of the two are not at hand."""
    flops: Mapping[str, tuple[Flops | None, Flops | None]] = field(default_factory=dict)
    """Of "original" and "optimized": of the first and of the second, None where unknown."""

    @property
    def same(self) -> bool:
        """True where structure, labels, sides, options and decisions are: weights may differ."""
        return not self.changes

    @property
    def same_structure(self) -> bool:
        """True where nothing but weights, and names inside, differs in the graphs."""
        return not any(change.kind in STRUCTURAL for change in self.changes)

    def of_kind(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """Return the changes of some kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari diff --json` writes."""
        kept = {"same": self.same, "same_structure": self.same_structure}
        return {"version": 1, **kept, **asdict(self)}
