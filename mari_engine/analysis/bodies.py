"""Ops with bodies (If, Loop, Scan): their factors follow from those of the nodes in the bodies.

Where every node of a body treats each row alone, f_N([N, D]) row by row, so does the op: what it
makes of request-side values alone is computed for one row. All other axes are mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import onnx_ir as ir

from mari_engine.analysis.body_broadcasts import broadcast_values
from mari_engine.analysis.node_work import work
from mari_engine.analysis.row_independence import RowProof, counts_rows
from mari_engine.axes import CANDIDATES, Axes, AxisLabels, Slices, Spec, Unsupported, flat
from mari_engine.graph import captured_values, list_bodies
from mari_engine.ops import Bodies, Call, Fact

_ROWS = 0
"""The label of the candidates' factor."""


@dataclass(frozen=True, eq=False)
class BodySurvey:
    """The facts of one body: of its values and of those outside it, and its nodes' declarations."""

    body: ir.Graph
    values: Mapping[ir.Value, Fact | None]
    specs: Mapping[ir.Node, Spec]
    unknown: Mapping[ir.Node, str]


def declare_bodies(
    node: ir.Node, call: Call, bodies: Bodies, surveys: Sequence[BodySurvey]
) -> Slices:
    """Return the factors of an op with bodies, of which each was surveyed with what it gets.

    Raises Unsupported, with the reason, where rows are not shown to be treated alone.
    """
    calls = bodies.calls(call)
    if CANDIDATES in calls:
        raise Unsupported("it takes one candidate after the other")
    returned = []
    for each in surveys:
        RowProof(each.values, each.specs, each.unknown).check(each.body, " in it")
        returned.append([_axes(each.values.get(value), value) for value in each.body.outputs])
    results = tuple(bodies.leave(call, returned))
    fresh = count(_ROWS + 1)
    operands = [_operand(fact) for fact in call.operands]
    terms = tuple(None if axes is None else _labels(axes, fresh) for axes in operands)
    outputs = tuple(_labels(axes, fresh) for axes in results)
    per_call = sum(_spent(each) for each in surveys)
    rows = any(_ROWS in labels for labels in outputs)
    return Slices(
        operands=tuple(operands),
        results=results,
        weight=per_call,
        terms=terms,
        outputs=outputs,
        mixed=frozenset(label for own in terms for label in own or ()) - {_ROWS},
        work=(*((CANDIDATES,) if rows else ()), *calls) if per_call else (),
        broadcast=_broadcast_operands(node, call, bodies, surveys),
    )


def _broadcast_operands(
    node: ir.Node, call: Call, bodies: Bodies, surveys: Sequence[BodySurvey]
) -> frozenset[int]:
    """Return the operands that bodies broadcast over the rows where they have one row only."""
    captured = dict(enumerate(captured_values(node), call.inputs))
    allowed = {*bodies.elements(call), *captured}
    for each in surveys:
        inner = {at: captured[at] if at in captured else each.body.inputs[at] for at in allowed}
        found = broadcast_values(tuple(inner.values()), each.body, each.values, each.specs)
        allowed = {at for at, value in inner.items() if value in found}
    return frozenset(allowed)


def enter_bodies(
    node: ir.Node, call: Call, bodies: Bodies
) -> Iterator[tuple[ir.Graph, dict[ir.Value, Fact]]]:
    """Yield each body, and the facts of its inputs."""
    for body in list_bodies(node):
        given = bodies.enter(call)
        if len(given) != len(body.inputs):
            raise Unsupported("a body with other inputs than it is given")
        yield body, dict(zip(body.inputs, given, strict=True))


def _operand(fact: Fact | None) -> Axes | None:
    """Return an operand's axes; Unsupported for a number of rows, of which there may be one."""
    if counts_rows(fact):
        raise Unsupported("it reads the number of rows")
    return None if fact is None else fact.axes


def _axes(fact: Fact | None, value: ir.Value) -> Axes:
    if fact is None:
        raise Unsupported(f"the rank of its body's result {value.name!r} is not known")
    return fact.axes


def _labels(axes: Axes, fresh: Iterator[int]) -> AxisLabels:
    dims = flat(axes)
    if dims.count(CANDIDATES) > 1:
        raise Unsupported("rows that meet rows")
    return tuple(_ROWS if dim == CANDIDATES else next(fresh) for dim in dims)


def _spent(survey: BodySurvey) -> int:
    """Return the FLOPs of one call of a body, for one row."""
    return sum(
        flops.per_request + flops.per_candidate for flops in map(work, survey.specs.values())
    )
