"""The multiplications of one node, by its op's factor declaration and the shapes of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.axes import Axes, AxisLabels, Contract, Slices, Spec, Unsupported, flat
from mari_engine.metering.variation import Array
from mari_engine.ops import Call, Fact, rule_of

Shape = tuple[int, ...]
MIXED = -1
"""The label of places that are not treated alone."""


@dataclass(frozen=True)
class Factors:
    """One operand, reshaped to `extents`, with an einsum label for each of these axes.

    Axes of extent 1 are left out. `axes` gives the operand's own axis of each label, except where
    one axis is divided among several labels.
    """

    labels: tuple[int, ...]
    extents: Shape
    axes: Mapping[int, int]


@dataclass(frozen=True)
class Multiplication:
    """The multiplications of one node: `unit` FLOPs at each place of the product of its extents.

    `[N, K] x [K, M]` has the labels n, k and m, 2 FLOPs at each of `N K M` places, and sums over k.
    """

    unit: float
    extents: Mapping[int, int]
    operands: tuple[Factors | None, ...]
    """None for an operand that is left out, or only added afterwards."""
    summed: frozenset[int]
    """Labels that no result has."""
    results: tuple[Factors, ...] = ()

    @property
    def flops(self) -> int:
        """The FLOPs of all places."""
        return round(self.unit * math.prod(self.extents.values()))


def multiplication(node: ir.Node, shapes: Sequence[Shape | None], result: Shape) -> Multiplication:
    """Return what a node multiplies when its operands and first result have these shapes.

    Raises Unsupported, with the reason, for an op or a form of it that no rule describes.
    """
    spec = declared(node, shapes, [result, *[None] * (len(node.outputs) - 1)])
    if isinstance(spec, Contract):
        extents = {label: int(dim) for label, dim in spec.extents().items()}
        operands = tuple(_operands(spec, spec.terms, shapes))
        summed = frozenset(extents) - frozenset(spec.output)
        results = tuple(_results(spec, (spec.output,)))
        return Multiplication(float(spec.weight), extents, operands, summed, results)
    if isinstance(spec, Slices) and spec.work:
        return _sliced(spec, shapes)
    raise Unsupported(f"{node.op_type} is not declared as a product")


def declared(
    node: ir.Node,
    shapes: Sequence[Shape | None],
    results: Sequence[Shape | None],
    contents: Sequence[Array | None] = (),
) -> Spec:
    """Return the declaration of a node whose operands and results have these shapes.

    `contents` are the operands' elements where these are known. Raises Unsupported.
    """
    rule = rule_of(node)
    if rule is None or rule.declare is None:
        raise Unsupported(f"{node.op_type} has no rule")
    if any(0 in shape for shape in (*shapes, *results) if shape):
        raise Unsupported("an operand without elements")
    known = contents or [None] * len(shapes)
    operands = (
        None if shape is None or value is None else Fact(_axes(shape), value.dtype, content)
        for value, shape, content in zip(node.inputs, shapes, known, strict=True)
    )
    inferred = tuple(None if shape is None else _axes(shape) for shape in results)
    call = Call.of(node, operands, inferred=inferred, fresh=_unknown)
    return rule.declare(call)


def _unknown() -> str:
    raise Unsupported("extents that the declaration could not tell from the shapes")


def _axes(shape: Shape) -> Axes:
    return tuple((extent,) if extent != 1 else () for extent in shape)


def _sliced(spec: Slices, shapes: Sequence[Shape | None]) -> Multiplication:
    """Return the work of an op that treats only some labels independently, as a recurrence does.

    The other labels are none here: their work is in the unit.
    """
    alone = tuple(
        None if labels is None else tuple(MIXED if at in spec.mixed else at for at in labels)
        for labels in spec.terms
    )
    operands = tuple(_operands(spec, alone, shapes))
    extents = {
        label: extent
        for each in operands
        if each is not None
        for label, extent in zip(each.labels, each.extents, strict=True)
        if label != MIXED
    }
    work = spec.weight * math.prod(int(dim) for dim in spec.work)
    unit = work / math.prod(extents.values())
    outputs = (tuple(MIXED if at in spec.mixed else at for at in labels) for labels in spec.outputs)
    results = tuple(_results(spec, tuple(outputs)))
    return Multiplication(unit, extents, operands, frozenset(), results)


def _operands(
    spec: Spec, terms: Sequence[AxisLabels | None], shapes: Sequence[Shape | None]
) -> Iterator[Factors | None]:
    for at, labels in enumerate(terms):
        shape = shapes[at] if at < len(shapes) else None
        if labels is None or shape is None:
            yield None
            continue
        extents = tuple(int(dim) for dim in flat(spec.axes(at)))
        yield Factors(labels, extents, _own_axes(labels, extents, shape))


def _results(spec: Spec, outputs: Sequence[AxisLabels]) -> Iterator[Factors]:
    for labels, axes in zip(outputs, spec.results, strict=True):
        yield Factors(labels, tuple(int(dim) for dim in flat(axes)), {})


def _own_axes(labels: AxisLabels, extents: Shape, shape: Shape) -> Mapping[int, int]:
    """Return the operand's axis of each label that has one for itself."""
    out, left = dict[int, int](), list(zip(labels, extents, strict=True))
    for axis, extent in enumerate(shape):
        found, size = list[int](), 1
        while size < extent and left:
            label, dim = left.pop(0)
            found.append(label)
            size *= dim
        if len(found) == 1:
            out[found[0]] = axis
    return out
