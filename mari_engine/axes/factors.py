"""Factor declarations: how the factors of an op's operands correspond to those of its results.

A rule (see `ops/`) looks at a node and returns one of these, as einsum notation does: MatMul is
`(m, k), (k, n) -> (m, n)` with k summed. Color, compactness, FLOPs, splitting and emission are
derived from them in code that names no op. Positions count the factors of `flat(axes)`.
The idea is that of OpenXLA Shardy's op sharding rules (its docs/sdy_dialect.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from mari_engine.axes.dims import Axes, Dim, flat

Index = npt.NDArray[np.int64]
AxisLabels = tuple[int, ...]
"""One label for each position of a value; equal labels are one factor."""
Linear = Literal["add", "sub", "mul", "div", "neg", "same"]
Merge = Literal["add", "max", "min", "again"]
"""How results of pieces become that of the whole: elementwise, or by reducing them once more."""


@dataclass(frozen=True, eq=False)
class Spec:
    """What is common to all declarations.

    `operands` are the operands' axes, refined as far as the op needs; None where an operand is
    left out or only its content mattered (a shape, an index). `results` are the results' axes.
    """

    operands: tuple[Axes | None, ...]
    results: tuple[Axes, ...]
    weight: int = 0
    """FLOPs per element of the work; 0 when the op only moves data."""

    def axes(self, index: int) -> Axes:
        """Return one operand's axes, () for one that does not matter."""
        return self.operands[index] or ()

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        raise TypeError(f"{type(self).__name__} has no labels")

    def mixing(self) -> frozenset[int]:
        """Return the labels that are mixed: a slice of the result reads other slices along them."""
        return frozenset()

    def changing(self) -> frozenset[int]:
        """Return the mixed labels along which repeating an operand changes the result."""
        return self.mixing()


@dataclass(frozen=True, eq=False)
class Pointwise(Spec):
    """Each result element depends on the operands' elements at the same (broadcast) place.

    `maps` gives for each operand and position the result's position, -1 where the operand has
    extent 1 and is broadcast. `linear` names the algebra, when there is one.
    """

    maps: tuple[AxisLabels | None, ...] = ()
    linear: Linear | None = None

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        own = tuple(range(len(flat(self.results[0]))))
        return self.maps, tuple(own for _ in self.results)


@dataclass(frozen=True, eq=False)
class View(Spec):
    """The first operand's elements in another shape: nothing is computed.

    `source` gives for each result position the operand's position, or -1 for a factor that the
    view introduces (along which the result is constant).
    """

    source: AxisLabels = ()

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        count = len(flat(self.operands[0] or ()))
        fresh = iter(range(count, count + len(self.source)))
        result = tuple(next(fresh) if at < 0 else at for at in self.source)
        return (tuple(range(count)), *[None] * (len(self.operands) - 1)), (result,)


@dataclass(frozen=True, eq=False)
class Contract(Spec):
    """A product of operands, summed over the labels that the result lacks, times `scale`.

    Linear in each operand. `addend`, the last operand when set, is added afterwards, times
    `addend_scale`; its labels are the result's, -1 where it is broadcast.
    """

    terms: tuple[AxisLabels, ...] = ()
    output: AxisLabels = ()
    scale: float = 1.0
    addend: AxisLabels | None = None
    addend_scale: float = 1.0

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        extra = () if self.addend is None else (self.addend,)
        return self.terms + extra, (self.output,)

    def extents(self) -> dict[int, Dim]:
        """Return the extent of each label."""
        return {
            label: dim
            for axes, labels in zip(self.operands, self.terms, strict=False)
            for label, dim in zip(labels, flat(axes or ()), strict=True)
        }

    def stacked(self, index: int) -> frozenset[int]:
        """Return the positions of an operand that all operands and the result have: a batch."""
        shared = set(self.output).intersection(*self.terms)
        return frozenset(at for at, label in enumerate(self.terms[index]) if label in shared)


@dataclass(frozen=True, eq=False)
class Pick(Spec):
    """`[N, K] -> [N, k]`: result r has the columns `indices[r]` of `position`, in that order."""

    position: int = 0
    indices: tuple[Index, ...] = ()


@dataclass(frozen=True, eq=False)
class Join(Spec):
    """`[N, K], [N, M] -> [N, K + M]`: in operands and result, `position` is the joined factor."""

    position: int = 0


@dataclass(frozen=True, eq=False)
class Along(Spec):
    """`[N, K] -> [N, K]`, mixed along the positions `along`: a softmax over K treats N alone.

    Further operands have factors of `along` only (a norm's scale). `last` says that the op can
    only work along the innermost axes.
    """

    along: AxisLabels = ()
    last: bool = False

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        own = tuple(range(len(flat(self.results[0]))))
        extra = tuple(None if axes is None else self.along for axes in self.operands[1:])
        return (own, *extra), tuple(own for _ in self.results)

    def mixing(self) -> frozenset[int]:
        """Return the labels along which slices are not treated alone."""
        return frozenset(self.along)


@dataclass(frozen=True, eq=False)
class Weights(Along):
    """`exp(x) / sum of exp(x)` along the positions: weights of parts can be merged exactly."""


@dataclass(frozen=True, eq=False)
class Reduce(Spec):
    """`[N, K] -> [N]`: the positions `over` of the first operand are reduced, and not by a sum.

    `idempotent` says that a factor along which the operand is constant can be dropped, `merge`
    how the reduction of joined columns follows from those of each side's.
    """

    over: AxisLabels = ()
    keepdims: bool = True
    idempotent: bool = False
    merge: Merge | None = None

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        own = tuple(range(len(flat(self.operands[0] or ()))))
        kept = tuple(at for at in own if at not in self.over)
        return (own, *[None] * (len(self.operands) - 1)), (kept,)

    def mixing(self) -> frozenset[int]:
        """Return the labels along which slices are not treated alone."""
        return frozenset() if self.idempotent else frozenset(self.over)


@dataclass(frozen=True, eq=False)
class Slices(Spec):
    """Any op that treats each slice along its unmixed labels alone, called in its own layout."""

    terms: tuple[AxisLabels | None, ...] = ()
    outputs: tuple[AxisLabels, ...] = ()
    mixed: frozenset[int] = frozenset()
    work: tuple[Dim, ...] = ()
    """Extents whose product times `weight` is the FLOPs; the results' when empty."""
    once: frozenset[int] = frozenset()
    """Mixed labels that may be left out where no operand varies along them."""
    broadcast: frozenset[int] = frozenset()
    """Operands that may lack unmixed labels though others have them."""
    why: str = ""
    """Why it is not split, of a product that could be if its numbers were not rounded."""

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        return self.terms, self.outputs

    def mixing(self) -> frozenset[int]:
        """Return the labels along which slices are not treated alone."""
        return self.mixed

    def changing(self) -> frozenset[int]:
        """Return the mixed labels along which repeating an operand changes the result."""
        return self.mixed - self.once


V = TypeVar("V")
"""Whatever an arithmetic computes with: a node's output in a graph, an array in a test."""


class Arithmetic(Protocol[V]):
    """Elementwise arithmetic, broadcast, on values of one kind."""

    def number(self, number: float, like: V) -> V:
        """Return a number in another value's element type."""

    def add(self, left: V, right: V) -> V:
        """Return `left + right`."""

    def subtract(self, left: V, right: V) -> V:
        """Return `left - right`."""

    def multiply(self, left: V, right: V) -> V:
        """Return `left * right`."""

    def divide(self, left: V, right: V) -> V:
        """Return `left / right`."""

    def square_root(self, value: V) -> V:
        """Return the square root of each element."""

    def sign(self, value: V) -> V:
        """Return -1, 0 or 1 for each element."""


class Divisor(Protocol):
    """Computes what a norm divides by from the mean of the squares."""

    def __call__(self, arithmetic: Arithmetic[V], mean_square: V) -> V:
        """Return the divisor of each slice."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Norm(Along):
    """`(x - mean) / divisor(mean of (x - mean)^2) * scale + shift`, along the positions `along`.

    Operands after the first are the scale and the shift; `terms` gives the positions that they
    vary along. Can be called in its own layout like any `Along`, or on the columns of each side.
    """

    terms: tuple[AxisLabels | None, ...]
    centered: bool
    """False for a norm that takes no mean off, as a root mean square does."""
    divisor: Divisor

    def labels(self) -> tuple[tuple[AxisLabels | None, ...], tuple[AxisLabels, ...]]:
        """Return labels for the operands' and the results' positions."""
        own = tuple(range(len(flat(self.results[0]))))
        return self.terms, (own,)


class FactorAndShift(Protocol):
    """Computes factor and shift of an affine op from its operands after the first."""

    def __call__(self, arithmetic: Arithmetic[V], operands: Sequence[V]) -> tuple[V, V]:
        """Return the factor and the shift, one number of each for every column."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Affine(Slices):
    """`x * factor + shift`, one number of each for every column of `position`.

    Can be called in its own layout like any `Slices`, or be taken into a product before it.
    """

    factor_and_shift: FactorAndShift
    position: int = 0
