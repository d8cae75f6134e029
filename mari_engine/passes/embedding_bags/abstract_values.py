"""What values of a bag loop's body are in iteration i: the domain it is interpreted over."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.axes import Size
from mari_engine.passes.embedding_bags.kept_places import KeptPlaces


@dataclass(frozen=True)
class Counter:
    """A whole number that is affine in the iteration i: `step * i + start`."""

    step: int
    start: int


@dataclass(frozen=True, eq=False)
class Rows:
    """In iteration i the rows `step * i` up to `step * (i + 1)` of a value outside the loop."""

    source: ir.Value
    step: int
    table: ir.Value | None = None
    """Set when the rows are ids, to be looked up in this table."""
    kept: KeptPlaces | None = None
    """Set when not all of the rows are taken."""


@dataclass(frozen=True, eq=False)
class Places:
    """In iteration i those of the places `step * i` up to `step * (i + 1)` that are kept."""

    kept: KeptPlaces
    step: int


@dataclass(frozen=True, eq=False)
class Many:
    """How many places are kept in this iteration."""

    places: Places


@dataclass(frozen=True, eq=False)
class NoPlaces:
    """Whether none is kept in this iteration."""

    places: Places


@dataclass(frozen=True, eq=False)
class BagLoop:
    """A loop that makes `result` with `op` of each bag of rows: one row a bag, in order."""

    loop: ir.Node
    result: ir.Value
    rows: Rows
    op: str
    inner: tuple[int, ...]
    """The extents of one row of `rows.source`: [count * step, *inner]."""
    zero: bool
    """The result of a bag of which no row is kept is zero, whatever `op` makes of nothing."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Loop."""
        return (self.loop,)


@dataclass(frozen=True, eq=False)
class Bag:
    """The reduction of this iteration's rows."""

    rows: Rows
    op: str
    has_axis: bool
    """The reduced axis stays, with extent 1."""
    empty: ir.Value | None = None
    """What stands in its place where no row is kept."""


@dataclass(frozen=True, eq=False)
class BagSequence:
    """A sequence to which each iteration adds a bag; none of them before the first."""

    bag: Bag | None = None


Abstract = Counter | Rows | Places | Many | NoPlaces | Bag | BagSequence | bool | Size
"""What a value of the body is; a bool or a Size is the same in each iteration."""
