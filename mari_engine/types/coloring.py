"""Graph coloring: the side of each value, and the columns of each fusion layer by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mari_engine.types.labels import Role


class Side(StrEnum):
    """Which inputs reach a value: the paper's yellow and blue, blue divided by item and cross."""

    CONSTANT = "constant"
    REQUEST = "request"
    """Yellow: one value per request (only user and context features reach it)."""
    ITEM = "item"
    """Blue: only item features reach it."""
    CANDIDATE = "candidate"
    """Blue: cross features, or request and item together."""


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
