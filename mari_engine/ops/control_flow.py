"""Ops with subgraphs: how they call them. A conditional may be resolved at load.

What such an op mixes follows from the nodes in its bodies (`analysis/bodies.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, Axes, Axis, Unsupported, size
from mari_engine.ops.branches import CONDITION, TRIPS
from mari_engine.ops.call import Call, Fact, axis_of, normal
from mari_engine.ops.rule import Bodies, Rule, Trait


def _conditional_results(call: Call, returned: Sequence[Sequence[Axes]]) -> Sequence[Axes]:
    """Return the axes that both branches of an If return.

    https://onnx.ai/onnx/operators/onnx__If.html
    """
    then, otherwise = returned
    if list(then) != list(otherwise):
        raise Unsupported("its branches return other shapes")
    return then


# --- Scan: https://onnx.ai/onnx/operators/onnx__Scan.html


def _scanned(call: Call) -> tuple[int, list[int]]:
    """Return how many states a Scan has, and the axis of each of its other operands."""
    count = int(call.attribute("num_scan_inputs"))
    states = sum(fact is not None for fact in call.operands[: call.inputs]) - count
    if call.version < 9 or call.inputs != states + count or not count:
        raise Unsupported("a Scan with lengths of its own, or over nothing")
    axes = call.attribute("scan_input_axes") or [0] * count
    ranks = [len(call.axes(states + at)) for at in range(count)]
    return states, [normal(int(axis), rank) for axis, rank in zip(axes, ranks, strict=True)]


def _scan_step(call: Call) -> list[Fact]:
    """Return the states, and one element of each sequence."""
    states, axes = _scanned(call)
    given = [Fact(call.axes(at), call.fact(at).dtype) for at in range(states)]
    for at, axis in enumerate(axes, states):
        fact = call.fact(at)
        given.append(Fact(fact.axes[:axis] + fact.axes[axis + 1 :], fact.dtype))
    return given


def _scan_elements(call: Call) -> Sequence[int]:
    return range(_scanned(call)[0], call.inputs)


def _scan_length(call: Call) -> Axis:
    """Return how many steps a Scan takes: the candidates, if one of its sequences is theirs."""
    states, axes = _scanned(call)
    lengths = [call.axes(at)[axis] for at, axis in enumerate(axes, states)]
    return next((length for length in lengths if CANDIDATES in length), lengths[0])


def _scan_results(call: Call, returned: Sequence[Sequence[Axes]]) -> list[Axes]:
    """Return the states, and the sequences of what each step returns beside them."""
    states, _ = _scanned(call)
    (results,), length = returned, _scan_length(call)
    _check_states([call.axes(at) for at in range(states)], results[:states])
    made = list(results[:states])
    places = call.attribute("scan_output_axes") or [0] * (len(results) - states)
    for axes, place in zip(results[states:], places, strict=True):
        at = normal(int(place), len(axes) + 1)
        made.append((*axes[:at], length, *axes[at:]))
    return made


# --- Loop: https://onnx.ai/onnx/operators/onnx__Loop.html


def _loop_step(call: Call) -> list[Fact]:
    """Return the number of the step, whether it runs, and the states."""
    states = [Fact(call.axes(at), call.fact(at).dtype) for at in range(2, call.inputs)]
    return [Fact((), ir.DataType.INT64), Fact((), ir.DataType.BOOL), *states]


def _loop_length(call: Call) -> Axis:
    """Return how often a Loop runs at most; an extent without a name where only the run knows."""
    content = call.fact(0).content if call.given(0) else None
    return axis_of(content.item()) if content is not None and content.size == 1 else (call.fresh(),)


def _loop_results(call: Call, returned: Sequence[Sequence[Axes]]) -> list[Axes]:
    ((goes, *results),) = returned
    if size(tuple(dim for axis in goes for dim in axis)).symbols:
        raise Unsupported("each row stops by itself")
    states = call.inputs - 2
    _check_states([call.axes(at) for at in range(2, call.inputs)], results[:states])
    collected = results[states:]
    length: Axis = (call.fresh(),) if collected else ()
    return [*results[:states], *((length, *axes) for axes in collected)]


def _check_states(before: Sequence[Axes], after: Sequence[Axes]) -> None:
    if list(before) != list(after):
        raise Unsupported("a state whose shape changes from step to step")


RULES = (
    Rule(
        "If", bodies=Bodies(lambda _call: (), _conditional_results), branches=CONDITION,
        traits=frozenset({Trait.CONDITIONAL}),
    ),
    Rule("Loop", bodies=Bodies(_loop_step, _loop_results, _loop_length), branches=TRIPS),
    Rule(
        "Scan", bodies=Bodies(_scan_step, _scan_results, _scan_length, _scan_elements),
        traits=frozenset({Trait.SELDOM_EMPTY}),
    ),
)  # fmt: skip
