"""Errors that few requests show: in a branch, behind a mask, for long histories, for one id."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import onnx_ir as ir

from mutation.subject import Build, Change, Subject, Writer

_FROM = 8.0
_LONG = 30
_CLOSED = {
    "Greater": "GreaterOrEqual", "Less": "LessOrEqual",
    "GreaterOrEqual": "Greater", "LessOrEqual": "Less",
}  # fmt: skip


def large_values(subject: Subject) -> Iterator[Change]:
    """A value is wrong where it is above 8."""
    for value, fact in subject.floats():
        if np.abs(fact.array).max() < _FROM:

            def spoil(w: Writer, v: ir.Value) -> ir.Value:
                above = w("Relu", w("Sub", v, w.number(_FROM, v)))
                return w("Add", v, w("Mul", above, w.number(0.1, v)))

            yield _after(subject, value, "wrong above 8", spoil)


def one_side_of_a_choice(subject: Subject) -> Iterator[Change]:
    """One side of a Where, or of an If, is off by a tenth."""
    for node in subject.nodes("Where"):
        for at in (1, 2):
            value = node.inputs[at]
            fact = subject.fact(value)
            if fact is not None and fact.is_float:
                what = f"{node.name}: input {at} off by a tenth"
                yield Change(what, partial(subject.operand, node, at, _a_tenth_off))
    for node in subject.nodes("If"):
        for name in ("then_branch", "else_branch"):
            body = node.attributes[name].as_graph()
            for at, output in enumerate(body.outputs):
                if output.producer() is not None and output.dtype == ir.DataType.FLOAT:
                    what = f"{node.name}: {name} off by a tenth"
                    yield Change(what, partial(_spoil_branch, body, at))


def new_branch(subject: Subject) -> Iterator[Change]:
    """A value is wrong where an input is larger than typical ones are."""
    for source in subject.graph.inputs:
        if source.dtype != ir.DataType.FLOAT or not list(source.uses()):
            continue
        for value, fact in subject.floats():
            if fact.array.ndim:

                def spoil(w: Writer, v: ir.Value, source: ir.Value = source) -> ir.Value:
                    highest = w("ReduceMax", source, keepdims=0)
                    far = w("Greater", highest, w.number(_FROM, v))
                    return w("Where", far, _a_tenth_off(w, v), v)

                yield _after(subject, value, f"wrong where {source.name} is above 8", spoil)


def partly_masked(subject: Subject) -> Iterator[Change]:
    """A value is wrong where a mask is set for some of a row and not for all of it."""
    for node in subject.nodes("Where"):
        mask = subject.fact(node.inputs[0])
        if mask is None or not mask.array.ndim or mask.array.shape[-1] < 2:
            continue

        def spoil(
            w: Writer, v: ir.Value, condition: ir.Value | None = node.inputs[0],
            last: int = mask.array.ndim - 1,
        ) -> ir.Value:  # fmt: skip
            assert condition is not None
            held = w.cast(condition, v)
            some = w.reduce("ReduceMax", held, [last])
            every = w.reduce("ReduceMin", held, [last])
            partly = w("ReduceMax", w("Sub", some, every), keepdims=0)
            return w("Add", v, w("Mul", v, w("Mul", partly, w.number(0.1, v))))

        for value, _ in subject.floats():
            yield _after(subject, value, f"wrong where {node.name} is partly masked", spoil)


def weak_mask(subject: Subject) -> Iterator[Change]:
    """What a mask puts out is 20 below, and not out of reach."""
    for value in subject.graph.initializers.values():
        number, fact = subject.scalar_of(value), subject.fact(value)
        if number is not None and number <= -1e4 and fact is not None and fact.is_float:
            weak = np.full_like(fact.array, -20.0)
            what = f"{value.name}: {number:.0e} became -20"
            yield Change(what, partial(subject.set_weight, value, weak))


def long_histories(subject: Subject) -> Iterator[Change]:
    """A value is wrong where a history is longer than 30."""
    sized = subject.plan.candidate_symbols | subject.plan.drawn_alike
    for item in subject.plan.inputs:
        source = next(one for one in subject.graph.inputs if one.name == item.name)
        for axis, extent in enumerate(item.extents):
            if not isinstance(extent, str) or extent in sized or not list(source.uses()):
                continue
            for value, fact in subject.floats():
                if fact.array.ndim:

                    def spoil(
                        w: Writer, v: ir.Value, source: ir.Value = source, axis: int = axis
                    ) -> ir.Value:
                        length = w("Gather", w("Shape", source), w.integers(axis))
                        long = w("Greater", length, w.integers(_LONG))
                        return w("Where", long, _a_tenth_off(w, v), v)

                    yield _after(subject, value, f"wrong where {source.name} is long", spoil)


def padded_histories(subject: Subject) -> Iterator[Change]:
    """A value is wrong where most of a history's ids are 0."""
    for node in subject.nodes("Gather"):
        ids, fact = subject.fact(node.inputs[1]), subject.fact(node.outputs[0])
        if ids is None or fact is None or not fact.is_float or ids.array.ndim < 2:
            continue
        last = ids.array.ndim - 1
        if ids.array.shape[-1] < 5:
            continue

        def spoil(
            w: Writer, v: ir.Value, read: ir.Value | None = node.inputs[1], last: int = last
        ) -> ir.Value:
            assert read is not None
            wide = w("Cast", read, to=int(ir.DataType.INT64))
            empty = w.cast(w("Equal", wide, w.integers(0)), v)
            share = w("ReduceMax", w.reduce("ReduceMean", empty, [last]), keepdims=0)
            return w("Where", w("Greater", share, w.number(0.5, v)), _a_tenth_off(w, v), v)

        for value, found in subject.floats():
            if found.array.ndim:
                yield _after(subject, value, f"wrong where {node.name} is mostly padding", spoil)


def one_id(subject: Subject) -> Iterator[Change]:
    """What is looked up is wrong for the first or for the last id."""
    for node in subject.nodes("Gather"):
        ids, fact = subject.fact(node.inputs[1]), subject.fact(node.outputs[0])
        table = subject.fact(node.inputs[0])
        axis = node.attributes["axis"].as_int() if "axis" in node.attributes else 0
        if ids is None or table is None or fact is None or axis or not fact.is_float:
            continue
        wanted = int(subject.rng.choice([0, len(table.array) - 1]))
        missing = table.array.ndim - 1

        def spoil(
            w: Writer, v: ir.Value, read: ir.Value | None = node.inputs[1], wanted: int = wanted,
            missing: int = missing,
        ) -> ir.Value:  # fmt: skip
            assert read is not None
            wide = w("Cast", read, to=int(ir.DataType.INT64))
            here = w.cast(w("Equal", wide, w.integers(wanted)), v)
            shape = w("Concat", w("Shape", read), w.integers(*[1] * missing), axis=0)
            return w("Add", v, w("Mul", w("Reshape", here, shape), w.number(0.01, v)))

        what = f"wrong for id {wanted} of {len(table.array)}"
        yield _after(subject, node.outputs[0], what, spoil, (wanted,))


def wrong_bound(subject: Subject) -> Iterator[Change]:
    """A comparison counts its bound to the other side."""
    for node in subject.nodes(*_CLOSED):
        if subject.model.opset_imports[""] >= 12:
            other = _CLOSED[node.op_type]
            yield Change(f"{node.name}: {other}", partial(subject.rename, node, other))


def small_column(subject: Subject) -> Iterator[Change]:
    """The smallest column of an output is off by a tenth."""
    for output in subject.graph.outputs:
        fact = subject.fact(output)
        if fact is None or fact.array.ndim < 2 or fact.array.shape[-1] < 2 or not fact.is_float:
            continue
        sizes = np.abs(fact.array).reshape(-1, fact.array.shape[-1]).max(axis=0)
        factor = np.ones(len(sizes))
        factor[int(np.argmin(sizes))] = 1.1

        def spoil(w: Writer, v: ir.Value, factor: np.ndarray = factor) -> ir.Value:
            return w("Mul", v, subject.constant(factor, v))

        yield _after(subject, output, f"column {int(np.argmin(sizes))}", spoil)


def _a_tenth_off(w: Writer, v: ir.Value) -> ir.Value:
    return w("Add", w("Mul", v, w.number(1.1, v)), w.number(0.01, v))


def _spoil_branch(body: ir.Graph, at: int) -> None:
    old = body.outputs[at]
    by = ir.node("Constant", [], {"value": ir.Tensor(np.float32(1.1).reshape(()))})
    by.outputs[0].name = "changed/branch_factor"
    new = ir.node("Mul", [old, by.outputs[0]], name="changed/branch")
    new.outputs[0].name = "changed/branch:0"
    new.outputs[0].type, new.outputs[0].shape = old.type, old.shape
    producer = old.producer()
    assert producer is not None
    body.insert_after(producer, [by, new])
    body.outputs[at] = new.outputs[0]


def _after(
    subject: Subject, value: ir.Value, what: str, build: Build, ids: tuple[int, ...] = ()
) -> Change:
    return Change(f"{value.name}: {what}", partial(subject.after, value, build), ids)
