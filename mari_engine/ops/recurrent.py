"""Recurrent ops: parallel along the batch, and along nothing else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from mari_engine.axes import Axes, Axis, AxisLabels, Slices, Spec, Unsupported, align, flat, static
from mari_engine.ops.rule import Call, Rule


def with_gates(gates: int) -> Callable[[Call], Spec]:
    """Return the declaration of RNN, GRU or LSTM with this many gates.

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


RULES = (
    Rule("RNN", with_gates(1), product=True),
    Rule("GRU", with_gates(3), product=True),
    Rule("LSTM", with_gates(4), product=True),
)
