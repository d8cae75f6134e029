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
from mari_engine.analysis.rows import is_rowwise
from mari_engine.axes import CANDIDATES, Axes, AxisLabels, Size, Slices, Spec, Unsupported, flat
from mari_engine.graph import captured_values, list_bodies
from mari_engine.ops import Bodies, Call, Fact, Trait, has_trait

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
        _check_rows(each)
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


def _check_rows(survey: BodySurvey) -> None:
    sizes = set[ir.Value]()
    """Values that hold the number of rows."""
    for node in survey.body:
        facts = [survey.values.get(value) for value in node.outputs]
        if all(fact is not None and _is_static(fact) for fact in facts):
            sizes.update(
                value for value, fact in zip(node.outputs, facts, strict=True) if _counts(fact)
            )
            continue
        spec = survey.specs.get(node)
        if has_trait(node, Trait.RANDOM):
            raise Unsupported(f"{node.op_type} ({node.name}) in it draws random numbers")
        if not _is_alone(node, spec, survey, sizes):
            reason = survey.unknown.get(node, "it takes rows together")
            raise Unsupported(f"{node.op_type} ({node.name}) in it: {reason}")


def _is_alone(node: ir.Node, spec: Spec | None, survey: BodySurvey, sizes: set[ir.Value]) -> bool:
    """Return True for a node that treats each row alone, or reads none."""
    read = [value for value in node.inputs if value is not None]
    if spec is None:
        facts = [survey.values.get(value) for value in (*read, *node.outputs)]
        return not sizes & set(read) and all(
            fact is not None and CANDIDATES not in flat(fact.axes) for fact in facts
        )
    numbers = zip(node.inputs, spec.operands, strict=False)
    return is_rowwise(spec) and not any(
        value in sizes and axes is not None for value, axes in numbers
    )


def _is_static(fact: Fact) -> bool:
    return fact.content is not None or fact.fill is not None


def _counts(fact: Fact | None) -> bool:
    """Return True for a value of which some element depends on the number of rows."""
    if fact is None:
        return False
    held = [fact.fill] if fact.content is None else fact.content.ravel().tolist()
    return any(isinstance(each, Size) and CANDIDATES in each.symbols for each in held)


def _operand(fact: Fact | None) -> Axes | None:
    """Return an operand's axes; Unsupported for a number of rows, of which there may be one."""
    if _counts(fact):
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
