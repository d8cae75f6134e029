"""Elementwise ops: `[N, K], [K] -> [N, K]`, each element from those at the same place.

Multidirectional broadcasting as in https://onnx.ai/onnx/repo-docs/Broadcasting.html.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Linear,
    Pointwise,
    Size,
    Spec,
    align,
    flat,
    is_one,
    positions,
)
from mari_engine.graph import constant_array
from mari_engine.ops.branches import (
    CLIP,
    COMPARISON,
    INFINITE,
    MASK,
    NOT_A_NUMBER,
    SIGN,
)
from mari_engine.ops.call import Call, Fact
from mari_engine.ops.column_trace import Trace, Traces, rank_of, same_columns
from mari_engine.ops.evaluation import (
    as_type,
    cast_progression,
    computed_elements,
    divided,
    filled,
    held,
    map_elements,
)
from mari_engine.ops.id_bounds import Bound, traced, within_steps, within_table
from mari_engine.ops.pieces import LARGER, PIECES
from mari_engine.ops.refused_rows import BOUND_CHECK, CHOICE
from mari_engine.ops.rule import EXACT, ElementCost, Evaluate, Rule, Trait, share


def broadcast(operands: tuple[Axes | None, ...]) -> tuple[list[Axes | None], Axes]:
    """Return the operands' axes, cut into common factors, and the axes of their broadcast."""
    rank = max((len(axes) for axes in operands if axes is not None), default=0)
    padded = [None if axes is None else ((),) * (rank - len(axes)) + axes for axes in operands]
    result: list[Axis] = []
    for at in range(rank):
        axis: Axis = ()
        for axes in padded:
            if axes is not None and not is_one(axes[at]):
                axis = axes[at] if is_one(axis) else align(axis, axes[at])
        result.append(axis)
    refined: list[Axes | None] = [
        None
        if axes is None
        else tuple(
            () if is_one(axes[at]) else result[at] for at in range(rank - len(original), rank)
        )
        for axes, original in zip(padded, [axes or () for axes in operands], strict=True)
    ]
    return refined, tuple(result)


def broadcast_map(operand: Axes | None, result: Axes) -> AxisLabels | None:
    """Return for each factor of an operand the position of the same factor in the result."""
    if operand is None:
        return None
    places = positions(result)[len(result) - len(operand) :]
    return tuple(
        place for axis, group in zip(operand, places, strict=True) if axis for place in group
    )


def pointwise(weight: int, linear: Linear | None = None) -> Callable[[Call], Spec]:
    """Return the factors of an elementwise op with this many FLOPs per element."""

    def declare(call: Call) -> Spec:
        axes = tuple(None if fact is None else fact.axes for fact in call.operands)
        refined, result = broadcast(axes)
        return Pointwise(
            operands=tuple(refined),
            results=(result,) * call.outputs,
            weight=weight,
            maps=tuple(broadcast_map(operand, result) for operand in refined),
            linear=linear if len(flat(result)) or linear is None else None,
        )

    return declare


def squares(node: ir.Node, second: object) -> bool:
    """Return True for `x * x` and `x ^ 2`; `second` is the one number of its second operand."""
    if node.op_type == "Mul":
        return node.inputs[0] is node.inputs[1]
    return node.op_type == "Pow" and second == 2


def _cast_known(call: Call) -> Fact:
    fact, to = call.fact(0), ir.DataType(call.attribute("to"))
    if fact.uniform is not None:
        return filled(fact.axes, to, _converted(fact.uniform, to))
    content = call.known(0, "the data")
    elements = (_converted(element, to) for element in content.ravel().tolist())
    return computed_elements(elements, content.shape, to)


def _converted(element: object, to: ir.DataType) -> object:
    """Return an element cast; a number that a floating type rounds would be another elsewhere."""
    if isinstance(element, Size) or to.is_floating_point():
        return held(element, to)
    return as_type(element, to)


def _lose_places(_node: ir.Node, traces: Traces) -> Traces:
    return [traces[0].without_places() if traces[0] is not None else None]


def _shift(node: ir.Node, traces: Traces) -> Traces:
    """Add a constant to the offsets of columns: fields that share one table are shifted in it."""
    at = 0 if traces[0] is not None else 1
    trace, constant = traces[at], constant_array(node.inputs[1 - at])
    if trace is None or constant is None or constant.dtype.kind not in "iuf":
        return [None]
    if node.op_type == "Sub" and at == 1:
        return [None]
    sign = -1.0 if node.op_type == "Sub" else 1.0
    if constant.size == 1:
        return [replace(trace, offsets=trace.offsets + sign * constant.item())]
    rank = rank_of(node.outputs[0])
    if trace.axis is None or rank is None:
        return [None]
    from_right = rank - trace.axis
    if constant.size != len(trace.columns) or constant.shape[-from_right] != constant.size:
        return [None]
    return [replace(trace, offsets=trace.offsets + sign * constant.reshape(-1))]


def _choose(_node: ir.Node, traces: Traces) -> Traces:
    """Return the columns of `Where(condition, a, b)` where one of the two is a default."""
    found = [trace for trace in traces[1:] if trace is not None]
    return [found[0].without_places() if len(found) == 1 else None]


def _remainders(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield `[0, m)` for ids that are taken modulo m."""
    trace, modulus = traced(node, 0, traces), constant_array(node.inputs[1])
    if trace is not None and modulus is not None and modulus.size == 1 and modulus.item() >= 1:
        yield trace, *within_table(np.zeros(len(trace.columns)), int(modulus.item()))


def _lengths(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield `[1, T]` for what is compared with the positions 0, 1, ..., T - 1 of a sequence."""
    for at in (0, 1):
        trace, positions = traced(node, at, traces), constant_array(node.inputs[1 - at])
        if trace is None or positions is None or positions.size < 2:
            continue
        steps = positions.size
        if np.array_equal(positions.reshape(-1), np.arange(steps)):
            yield trace, *within_steps(trace, steps)


def _choice_cost(spec: Spec | None) -> float:
    """Return the cost of an element, none where whole rows are chosen: that is a copy."""
    if isinstance(spec, Pointwise) and len(flat(spec.results[0])) - 1 not in (spec.maps[0] or ()):
        return 0.0
    return 0.12


def is_nan_guard(node: ir.Node) -> bool:
    """Return True for both nodes of `Where(IsNaN(x), 0, x)`: x, and 0 for what is no number."""
    if node.op_type == "IsNaN" and not node.domain:
        readers = [use.node for use in node.outputs[0].uses()]
        return bool(readers) and all(map(_puts_zero, readers))
    return _puts_zero(node)


def _puts_zero(node: ir.Node) -> bool:
    if node.op_type != "Where" or node.domain:
        return False
    condition, zero, kept = node.inputs
    test = condition.producer() if condition is not None else None
    array = constant_array(zero)
    return (
        test is not None and test.op_type == "IsNaN" and test.inputs[0] is kept
        and array is not None and not array.any()
    )  # fmt: skip


_FREE = ("CastLike", "BitwiseNot")
_ONE = (
    "Reciprocal", "Sqrt", "ThresholdedRelu", "Shrink", "Pow", "Xor",
    "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Sum", "Mean",
)  # fmt: skip
_SEVERAL = (
    "Exp", "Sigmoid", "Tanh", "Erf", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh",
    "Acosh", "Atanh", "Softsign", "Selu", "Celu", "Gelu", "HardSigmoid", "HardSwish", "Mish",
    "Swish",
)  # fmt: skip
_SLOW: Mapping[str, ElementCost] = {
    "Cos": share(0.15), "Elu": share(0.15), "Log": share(0.1), "Sin": share(0.15),
    "Softplus": share(0.7),
}  # fmt: skip
_COMPARED: Mapping[str, Callable[..., object]] = {
    "Greater": operator.gt, "GreaterOrEqual": operator.ge, "Less": operator.lt,
    "LessOrEqual": operator.le,
}  # fmt: skip
_REPEATS = frozenset({Trait.BROADCASTING})


def _truth(compute: Callable[..., object]) -> tuple[Evaluate, ...]:
    return (map_elements(compute, truth=True),)


def _arithmetic(compute: Callable[..., object]) -> tuple[Evaluate, ...]:
    return (map_elements(compute, exact=True),)


RULES = (
    *(Rule(op, pointwise(0)) for op in _FREE),
    Rule("IsNaN", pointwise(0), branches=NOT_A_NUMBER),
    Rule("IsInf", pointwise(0), branches=INFINITE),
    *(Rule(op, pointwise(1), branches=PIECES.get(op)) for op in _ONE),
    *(Rule(op, pointwise(4), branches=PIECES.get(op)) for op in _SEVERAL),
    *(Rule(op, pointwise(4), branches=PIECES.get(op), element_cost=cost)
      for op, cost in _SLOW.items()),
    Rule(
        "Cast", pointwise(0), evaluate=(_cast_known, cast_progression), trace=same_columns,
        traits=frozenset({Trait.EXACT_ON_INTEGERS}),
    ),
    Rule(
        "Where", pointwise(0), evaluate=(map_elements(lambda c, a, b: a if c else b, like=1),),
        trace=_choose, branches=CHOICE, element_cost=_choice_cost, traits=EXACT,
    ),
    *(Rule(op, pointwise(1), branches=PIECES.get(op), traits=EXACT) for op in ("Ceil", "Sign")),
    *(Rule(op, pointwise(1), trace=same_columns, traits=EXACT) for op in ("Floor", "Round")),
    Rule("Clip", pointwise(1), trace=same_columns, branches=CLIP, traits=EXACT),
    Rule("PRelu", pointwise(1), branches=SIGN, element_cost=share(0.25)),
    Rule("Relu", pointwise(1), branches=SIGN, traits=EXACT),
    Rule("LeakyRelu", pointwise(1), branches=SIGN),
    Rule("Abs", pointwise(1), evaluate=(map_elements(abs),), branches=PIECES["Abs"],
         traits=EXACT),
    Rule("Max", pointwise(1), evaluate=(map_elements(lambda *each: max(each)),), trace=_lose_places,
         branches=LARGER, traits=EXACT),
    Rule("Min", pointwise(1), evaluate=(map_elements(lambda *each: min(each)),), trace=_lose_places,
         branches=LARGER, traits=EXACT),
    Rule("Mod", pointwise(1), usual_ids=_remainders),
    Rule("Not", pointwise(0), evaluate=_truth(operator.not_)),
    Rule("And", pointwise(1), evaluate=_truth(lambda a, b: a and b)),
    Rule("Or", pointwise(1), evaluate=_truth(lambda a, b: a or b)),
    Rule("Equal", pointwise(1), evaluate=_truth(operator.eq), branches=COMPARISON),
    *(Rule(op, pointwise(1), evaluate=_truth(compare), usual_ids=_lengths,
           branches=BOUND_CHECK)
      for op, compare in _COMPARED.items()),
    Rule("Add", pointwise(1, "add"), evaluate=_arithmetic(operator.add), trace=_shift,
         traits=_REPEATS),
    Rule("Sub", pointwise(1, "sub"), evaluate=_arithmetic(operator.sub), trace=_shift),
    Rule("Mul", pointwise(1, "mul"), evaluate=_arithmetic(operator.mul), branches=MASK,
         traits=_REPEATS),
    Rule("Div", pointwise(1, "div"), evaluate=_arithmetic(divided)),
    Rule("Neg", pointwise(1, "neg"), evaluate=(map_elements(operator.neg),), traits=EXACT),
)  # fmt: skip
