"""Recurrent ops: `[T, N, K] -> [T, D, N, H]`, parallel along the batch N and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count

import onnx_ir as ir

from mari_engine.axes import Axes, Axis, AxisLabels, Slices, Spec, Unsupported, align, flat, static
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import Trace
from mari_engine.ops.id_bounds import Bound, traced, within_steps
from mari_engine.ops.rule import PRODUCT, Rule, Trait


def with_gates(gates: int) -> Callable[[Call], Spec]:
    """Return the factors of RNN, GRU or LSTM with this many gates.

    https://onnx.ai/onnx/operators/onnx__GRU.html: X is [time, batch, input].
    """

    def declare(call: Call) -> Spec:
        if call.attribute("layout", 0):
            raise Unsupported("the batch-first layout")
        data, weights, recurrence = call.axes(0), call.axes(1), call.axes(2)
        hidden, wide = static(recurrence[2]), static(weights[2])
        if hidden is None or wide is None:
            raise Unsupported("weights of unknown extent")
        batch = data[1]
        fresh = count(len(batch))
        rows = tuple(range(len(batch)))
        axes, terms, mixed = _operands(call, batch, rows, fresh)
        time = terms[0][: len(data[0])] if terms[0] else ()
        directions: Axis = weights[0]
        two = tuple(next(fresh) for _ in directions)
        width = (next(fresh),)
        sequence: Axes = (data[0], directions, batch, (hidden,))
        state: Axes = (directions, batch, (hidden,))
        return Slices(
            operands=axes,
            results=(sequence, state, state)[: call.outputs],
            weight=2 * gates,
            terms=terms,
            outputs=((*time, *two, *rows, *width), *[(*two, *rows, *width)] * 2)[: call.outputs],
            mixed=mixed,
            work=(*flat(sequence), wide + hidden),
        )

    return declare


def _operands(
    call: Call, batch: Axis, rows: AxisLabels, fresh: count[int]
) -> tuple[tuple[Axes | None, ...], tuple[AxisLabels | None, ...], frozenset[int]]:
    """Return the operands' axes and labels; only the batch is parallel."""
    batched = {0: 1, 4: 0, 5: 1, 6: 1}  # operand: the axis that is its batch
    axes, terms, mixed = list[Axes | None](), list[AxisLabels | None](), set[int]()
    for at, fact in enumerate(call.operands):
        if fact is None:
            axes.append(None)
            terms.append(None)
            continue
        own, labels = list(fact.axes), list[int]()
        for axis, extent in enumerate(own):
            if batched.get(at) == axis:
                own[axis] = align(extent, batch)
                labels += rows
            else:
                new = [next(fresh) for _ in extent]
                labels += new
                mixed |= set(new)
        axes.append(tuple(own))
        terms.append(tuple(labels))
    return tuple(axes), tuple(terms), frozenset(mixed)


def _lengths(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield `[1, T]` for the lengths of sequences of T steps."""
    trace, sequence = traced(node, 4, traces), node.inputs[0]
    if trace is None or sequence is None or sequence.shape is None:
        return
    steps = sequence.shape[node.attributes.get_int("layout", 0)]
    if isinstance(steps, int):
        yield trace, *within_steps(trace, steps)


USUAL_ACTIVATIONS: Mapping[str, tuple[str, ...]] = {
    "RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh"),
}  # fmt: skip
"""The activations of one direction, of an op that names none."""

RULES = (
    Rule("RNN", with_gates(1), id_bounds=_lengths, traits=PRODUCT),
    Rule("GRU", with_gates(3), id_bounds=_lengths, traits=PRODUCT | {Trait.NEVER_EMPTY}),
    Rule("LSTM", with_gates(4), id_bounds=_lengths, traits=PRODUCT | {Trait.NEVER_EMPTY}),
)
