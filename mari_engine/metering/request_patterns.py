"""Request patterns: elements of the request that a row's own numbers scale and shift.

A norm over columns of both sides takes the request's columns times `1 / s`, less `m / s`, and a
softmax over keys of both sides takes the request's weights times one number: which differ between
candidates in every element, and yet are the request's pattern times one or two numbers of the row.
Where that may be so is followed through the declarations; whether it is, the run decides, by the
rank of what differs (`pattern_ranks`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.axes import (
    Affine,
    Along,
    AxisLabels,
    Join,
    Pick,
    Pointwise,
    Slices,
    Spec,
    View,
    Weights,
)
from mari_engine.metering.laid_elements import extents_of, joined_place, picked, spread
from mari_engine.metering.run_declarations import Declared
from mari_engine.metering.variation import Mask, Observation, fixed_elements
from mari_engine.ops import is_nan_guard

Patterns = npt.NDArray[np.int64]
"""For each element of a value: the pattern that it belongs to, or FIXED, OTHER or MASKED."""
FIXED, OTHER, MASKED = -1, -2, -3
"""The request's own; the candidates'; and a softmax's weight of a key that a constant masks."""


def follow_patterns(
    graph: ir.Graph, specs: Declared, seen: Mapping[ir.Value, Observation]
) -> Mapping[ir.Value, Patterns]:
    """Return the patterns of each value that has some, flat."""
    walk = _Walk(seen)
    for node in graph:
        spec = specs.get(node)
        if spec is not None and any(walk.differs(value) for value in node.outputs):
            walk.visit(node, spec)
    return walk.found


class _Walk:
    """Patterns are numbered as they begin: one for each row of a norm or softmax."""

    def __init__(self, seen: Mapping[ir.Value, Observation]) -> None:
        self.seen = seen
        self.found = dict[ir.Value, Patterns]()
        self.expanded = dict[ir.Value, Patterns]()
        """For each element of a value that a view repeats: the number of the one it repeats."""
        self.count = 0

    def differs(self, value: ir.Value | None) -> bool:
        own = self.seen.get(value) if value is not None else None
        return own is not None and own.differs and not own.ragged

    def visit(self, node: ir.Node, spec: Spec) -> None:
        for at, value in enumerate(node.outputs):
            if not self.differs(value) or not self.seen[value].closely:
                continue  # nothing reads what was not looked at closely
            shape = extents_of(spec.results[at])
            made = self.made(node, spec, at)
            if made is None:
                continue
            own = np.broadcast_to(made, shape).ravel()
            masked = self.still(node.inputs[0]) if isinstance(spec, Weights) else False
            own = self.checked(np.where(masked, MASKED, own), self.seen[value])
            if not np.isin(own, (FIXED, OTHER)).all():
                self.found[value] = own

    def still(self, value: ir.Value | None) -> Mask:
        """Return which elements of a value were the same in all runs of all users, flat."""
        own = self.seen.get(value) if value is not None else None
        looked = own is not None and own.closely and not own.ragged
        return ~own.moves.ravel() if own is not None and looked else np.zeros((), np.bool_)

    def checked(self, own: Patterns, seen: Observation) -> Patterns:
        """Return the patterns with what the runs say of whose each element is.

        A weight is of a masked key where neither it nor its score moved: one that was 0 in all
        runs for its score alone would be another in others.
        """
        still, fixed = ~seen.moves.ravel(), fixed_elements(seen).ravel()
        own = np.where((own < 0) & ~((own == MASKED) & still), OTHER, own)
        return np.where(fixed, FIXED, own)

    def made(self, node: ir.Node, spec: Spec, at: int) -> Patterns | None:
        if isinstance(spec, Pick):
            return picked(spec, at, self.of(node.inputs[0], extents_of(spec.axes(0))))
        if isinstance(spec, Join):
            return self.joined(node, spec)
        if isinstance(spec, (View, Affine)):
            return self.moved(node, spec)
        if isinstance(spec, (Along, Slices)):
            return self.begun(node, spec, at)
        if isinstance(spec, Pointwise) and (spec.linear is not None or is_nan_guard(node)):
            return self.combined(node, spec)
        return None

    def of(self, value: ir.Value | None, extents: tuple[int, ...]) -> Patterns:
        """Return an operand's patterns, in the shape of its factors."""
        if value is None or not self.differs(value):
            return np.full(extents, FIXED)
        if value in self.found:
            return self.found[value].reshape(extents)
        return np.where(fixed_elements(self.seen[value]), FIXED, OTHER).reshape(extents)

    def joined(self, node: ir.Node, spec: Join) -> Patterns:
        out = np.full(extents_of(spec.results[0]), OTHER)
        for at, value in enumerate(node.inputs):
            start, stop = joined_place(spec, spec.position, at)
            place = (*[slice(None)] * spec.position, slice(start, stop))
            out[place] = self.of(value, extents_of(spec.axes(at)))
        return out

    def moved(self, node: ir.Node, spec: Spec) -> Patterns | None:
        terms, outputs = spec.labels()
        own, output = terms[0], outputs[0]
        if own is None or spec.mixing() or not set(own) <= set(output):
            return None
        before = self.of(node.inputs[0], extents_of(spec.axes(0)))
        shape = extents_of(spec.results[0])
        if before.size < np.prod(shape):
            numbers = spread(np.arange(before.size).reshape(before.shape), own, output)
            self.expanded[node.outputs[0]] = np.broadcast_to(numbers, shape).ravel()
        return spread(before, own, output)

    def begun(self, node: ir.Node, spec: Spec, at: int) -> Patterns | None:
        """Return one pattern for each row that is mixed, of what was the request's in it."""
        terms, outputs = spec.labels()
        own, mixed, extents = terms[0], spec.mixing(), extents_of(spec.axes(0))
        if own is None or own != outputs[at] or not mixed:
            return None
        before = self.of(node.inputs[0], extents)
        rows = tuple(
            1 if label in mixed else extent for label, extent in zip(own, extents, strict=True)
        )
        return np.where(before == OTHER, OTHER, self.fresh(rows))

    def combined(self, node: ir.Node, spec: Pointwise) -> Patterns:
        """Return the patterns of a sum, difference, product or quotient.

        Operands that are broadcast give a number to each row; where nothing else differs the
        row's pattern begins.
        """
        shape = extents_of(spec.results[0])
        out, rows = np.full(shape, FIXED), list[Patterns]()
        for at, value in enumerate(node.inputs):
            labels = spec.maps[at] if at < len(spec.maps) else None
            if value is None or labels is None or not self.differs(value):
                continue
            own = self.of(value, extents_of(spec.axes(at)))
            laid = _broadcast(own, labels, len(shape))
            if laid.size < out.size:
                rows.append(np.where(laid == FIXED, FIXED, self.fresh(laid.shape)))
            elif value in self.expanded:
                numbers = self.expanded[value].reshape(shape)
                begun = self.fresh((int(numbers.max(initial=0)) + 1,))
                rows.append(np.where(laid == FIXED, FIXED, begun[numbers]))
            else:
                out = _merged(out, laid)
        for laid in rows:
            out = np.where(out == FIXED, laid, out)
        return out

    def fresh(self, shape: tuple[int, ...]) -> Patterns:
        size = int(np.prod(shape))
        self.count += size
        return np.arange(self.count - size, self.count).reshape(shape)


def _merged(one: Patterns, other: Patterns) -> Patterns:
    """Return the patterns of what is made of two values of one shape, element by element."""
    unlike = (one != other) & (one != FIXED) & (other != FIXED)
    masked = (one == MASKED) | (other == MASKED)
    own = np.where(unlike, OTHER, np.where(one == FIXED, other, one))
    return np.where(masked, MASKED, own)


def _broadcast(array: Patterns, labels: AxisLabels, rank: int) -> Patterns:
    numbered = tuple(label for label in labels if label >= 0)
    extents = tuple(e for e, label in zip(array.shape, labels, strict=True) if label >= 0)
    return spread(array.reshape(extents), numbered, tuple(range(rank)))
