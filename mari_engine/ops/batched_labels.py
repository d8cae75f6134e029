"""Labels of ops that treat each slice of a batch alone, and maybe each row of it, and mix the rest.

Attention reads keys `[N, L, D]` for rows `[N, R, D]`: N is alone, and R where rows see all keys; L
and D are mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from mari_engine.axes import Axes, Axis, AxisLabels, Slices, Unsupported, align, static
from mari_engine.ops.call import Call

Labeled = tuple[Axes | None, AxisLabels | None]
"""An operand's axes and the labels of their factors."""
Result = tuple[Axes, AxisLabels]
LEFT_OUT: Labeled = (None, None)
"""Of an operand that is not given."""


@dataclass(eq=False)
class BatchedLabels:
    """Hands out labels: those of the batch and of rows are alone, all others are mixed."""

    batch: Axis
    rows: Axis = ()
    rows_alone: bool = True
    mixed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._fresh = count()
        self._batch = tuple(next(self._fresh) for _ in self.batch)
        self._rows = tuple(next(self._fresh) for _ in self.rows)
        self.mixed |= set() if self.rows_alone else set(self._rows)

    def operand(self, axes: Axes, *, batch: int = 0, rows: int | None = None) -> Labeled:
        """Return the axes and labels of an operand, told which of its axes the batch and rows are.

        An axis of extent 1 is broadcast. Raises Unsupported where extents differ.
        """
        own, labels = list(axes), list[int]()
        for at, axis in enumerate(axes):
            if at == batch and axis:
                own[at] = _equal(axis, self.batch)
                labels += self._batch
            elif at == rows and axis:
                own[at] = _equal(axis, self.rows)
                labels += self._rows
            else:
                labels += self._all_new(axis)
        return tuple(own), tuple(labels)

    def of_each_row(self, axes: Axes, *, rows: int | None = None) -> Labeled:
        """Return the same of an operand that runtimes do not broadcast along the batch."""
        if self.batch and not axes[0]:
            raise Unsupported("one row of an operand that has to be as long as the others")
        return self.operand(axes, rows=rows)

    def result(self, axes: Axes, *, rows: int | None = None) -> Result:
        """Return the axes and labels of a result, whose first axis is the batch."""
        own, labels = self.operand(axes, rows=rows)
        assert own is not None
        assert labels is not None
        return own, labels

    def _all_new(self, axis: Axis) -> list[int]:
        new = [next(self._fresh) for _ in axis]
        self.mixed |= set(new)
        return new


def _equal(axis: Axis, other: Axis) -> Axis:
    if align(axis, other) != other:
        raise Unsupported("an operand whose axis is divided otherwise")
    return other


def as_slices(
    operands: Sequence[Labeled], results: Sequence[Result], labels: BatchedLabels, *,
    weight: int, work: Axis = (),
) -> Slices:  # fmt: skip
    """Return the declaration of an op with these operands and results, `weight` FLOPs a place."""
    return Slices(
        operands=tuple(axes for axes, _ in operands),
        results=tuple(axes for axes, _ in results),
        weight=weight,
        terms=tuple(own for _, own in operands),
        outputs=tuple(own for _, own in results),
        mixed=frozenset(labels.mixed),
        work=work,
    )


def length_with_past(call: Call, index: int, own: Axis) -> Axis:
    """Return the number of keys, those of the past, operand `[N, heads, P, D]`, included."""
    if not call.given(index):
        return own
    past, length = static(call.axes(index)[2]), static(own)
    return (call.fresh(),) if past is None or length is None else (past + length,)


def common_batch(*operands: Axes) -> Axis:
    """Return the first axis of all operands; Unsupported where they are not known to be equal."""
    batch = operands[0][0]
    for axes in operands[1:]:
        batch = align(batch, axes[0])
    return batch
