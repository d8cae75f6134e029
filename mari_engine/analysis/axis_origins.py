"""Where an axis of an output comes from: inputs and weights that have it, by ops' declarations."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import AxisLabels, Join, Pick, Slices, Spec, flat, size

Place = tuple[ir.Value, int]
"""A value and the position of one of its factors."""


class UnknownOrigin(Exception):
    """Some op on the way has no declaration, or takes the axis apart."""


def trace_origins(survey: Survey, value: ir.Value, position: int) -> frozenset[Place]:
    """Return the positions of inputs, and of what is known before the run, that become a value's.

    Raises UnknownOrigin where that cannot be told.
    """
    found, seen, left = set[Place](), set[Place](), [(value, position)]
    while left:
        place = left.pop()
        if place in seen:
            continue
        seen.add(place)
        node = place[0].producer()
        if node is None or survey.is_static(place[0]):
            found.add(place)
        else:
            left += _before(survey, node, place)
    return frozenset(found)


def _before(survey: Survey, node: ir.Node, place: Place) -> Iterator[Place]:
    """Yield the operands' positions that become a result's."""
    spec = survey.specs.get(node)
    if spec is None:
        raise UnknownOrigin
    result, position = node.outputs.index(place[0]), place[1]
    if isinstance(spec, Join) and position == spec.position:
        if any(size((flat(axes or ())[position],)).number != 1 for axes in spec.operands):
            raise UnknownOrigin
        return
    if isinstance(spec, Slices):
        _check_made(survey, node, spec, place)
    terms, label = _terms_of(spec, result, position)
    for value, axes, labels in zip(node.inputs, spec.operands, terms, strict=False):
        at = [] if labels is None else [n for n, each in enumerate(labels) if each == label]
        if value is None or axes is None or not at:
            continue
        fact = survey.values.get(value)
        if fact is None or len(flat(fact.axes)) != len(flat(axes)):
            raise UnknownOrigin
        yield from ((value, n) for n in at)


def _check_made(survey: Survey, node: ir.Node, spec: Slices, place: Place) -> None:
    """Raise UnknownOrigin for an axis that is made of an operand's, as TopK's is of all scores."""
    terms, results = spec.labels()
    own = results[node.outputs.index(place[0])]
    for value, labels in zip(node.inputs, terms, strict=False):
        if value is None or labels is None or own[place[1]] in labels:
            continue
        if set(labels).difference(own) and not survey.is_static(value):
            raise UnknownOrigin


def _terms_of(spec: Spec, result: int, position: int) -> tuple[tuple[AxisLabels | None, ...], int]:
    """Return the operands' labels, and the label of a result's position."""
    if isinstance(spec, (Join, Pick)):
        if isinstance(spec, Pick) and position == spec.position:
            raise UnknownOrigin
        own = tuple(range(len(flat(spec.results[result]))))
        return tuple(None if axes is None else own for axes in spec.operands), position
    terms, results = spec.labels()
    return terms, results[result][position]
