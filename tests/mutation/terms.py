"""Terms and operands that are wrong: lost, doubled, swapped, or put on another axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import onnx_ir as ir

from mutation.subject import Build, Change, Subject, Writer

_ORDERED = ("Sub", "Div", "Pow", "MatMul", "Less", "Greater", "LessOrEqual", "GreaterOrEqual")
_ALONG_AN_AXIS = ("Softmax", "LogSoftmax", "ArgMax", "ArgMin", "Concat", "CumSum")
_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2")
_OTHERWISE = {
    "ReduceSum": "ReduceMean", "ReduceMean": "ReduceSum", "ReduceMax": "ReduceMin",
    "ReduceMin": "ReduceMax",
}  # fmt: skip


def dropped_term(subject: Subject) -> Iterator[Change]:
    """One side of a sum is zero."""
    for node, at in _terms(subject):
        yield _operand(subject, node, at, "dropped", lambda w, v: w("Mul", v, w.number(0, v)))


def doubled_term(subject: Subject) -> Iterator[Change]:
    """One side of a sum is added twice."""
    for node, at in _terms(subject):
        yield _operand(subject, node, at, "doubled", lambda w, v: w("Add", v, v))


def dropped_bias(subject: Subject) -> Iterator[Change]:
    """A product has no bias."""
    for node in subject.nodes("Gemm"):
        if len(node.inputs) == 3 and node.inputs[2] is not None:
            yield _operand(subject, node, 2, "dropped", lambda w, v: w("Mul", v, w.number(0, v)))


def swapped_operands(subject: Subject) -> Iterator[Change]:
    """The two operands of an operator that does not commute are swapped."""
    for node in subject.nodes(*_ORDERED):
        yield _swap(subject, node, 0, 1)


def swapped_choices(subject: Subject) -> Iterator[Change]:
    """A Where takes what it should leave."""
    for node in subject.nodes("Where"):
        yield _swap(subject, node, 1, 2)


def swapped_parts(subject: Subject) -> Iterator[Change]:
    """Two parts of a Concat stand in each other's place."""
    for node in subject.nodes("Concat"):
        if len(node.inputs) > 1:
            i, j = sorted(int(at) for at in subject.rng.choice(len(node.inputs), 2, replace=False))
            if node.inputs[i] is not node.inputs[j]:
                yield _swap(subject, node, i, j)


def wrong_axis(subject: Subject) -> Iterator[Change]:
    """An operator works along another axis, where the shapes allow it."""
    for node in subject.nodes(*_ALONG_AN_AXIS):
        fact = subject.fact(node.outputs[0])
        if fact is not None and "axis" in node.attributes:
            axis = node.attributes["axis"].as_int()
            for other in _others(axis, fact.array.ndim):
                yield _attribute(subject, node, ir.AttrInt64("axis", other))


def wrong_reduction(subject: Subject) -> Iterator[Change]:
    """A reduction goes over another axis, where the shapes allow it."""
    for node in subject.nodes(*_REDUCTIONS):
        fact = subject.fact(node.inputs[0])
        if fact is None:
            continue
        if "axes" in node.attributes and len(node.attributes["axes"].as_ints()) == 1:
            for other in _others(node.attributes["axes"].as_ints()[0], fact.array.ndim):
                yield _attribute(subject, node, ir.AttrInt64s("axes", [other]))
        axis = subject.scalar_of(node.inputs[1]) if len(node.inputs) > 1 else None
        for other in _others(int(axis), fact.array.ndim) if axis is not None else ():
            what = f"{node.name}: axis {axis:.0f} became {other}"
            yield Change(what, partial(subject.set_integers, node, 1, other))


def wrong_transpose(subject: Subject) -> Iterator[Change]:
    """A transpose turns other axes, where the shapes allow it."""
    for node in subject.nodes("Transpose"):
        if "perm" not in node.attributes:
            continue
        perm = list(node.attributes["perm"].as_ints())
        for at in range(len(perm) - 1):
            other = [*perm[:at], perm[at + 1], perm[at], *perm[at + 2 :]]
            yield _attribute(subject, node, ir.AttrInt64s("perm", other))


def wrong_reshape(subject: Subject) -> Iterator[Change]:
    """A value is turned before it is reshaped, so that its rows are read as columns."""
    for node in subject.nodes("Reshape"):
        fact = subject.fact(node.inputs[0])
        if fact is None or fact.array.ndim < 2 or min(fact.array.shape[-2:]) < 2:
            continue
        perm = [*range(fact.array.ndim - 2), fact.array.ndim - 1, fact.array.ndim - 2]

        def turn(w: Writer, v: ir.Value, perm: list[int] = perm) -> ir.Value:
            return w("Reshape", w("Transpose", v, perm=perm), w("Shape", v))

        yield _operand(subject, node, 0, "read by columns", turn)


def wrong_broadcast(subject: Subject) -> Iterator[Change]:
    """An operand that has a number for each column has their mean for all of them."""
    for node in subject.nodes("Add", "Sub", "Mul", "Div"):
        for at, value in enumerate(node.inputs):
            fact = subject.fact(value)
            if fact is not None and fact.is_float and fact.array.ndim and fact.array.shape[-1] > 1:
                last = fact.array.ndim - 1

                def mean(w: Writer, v: ir.Value, last: int = last) -> ir.Value:
                    return w.spread(w.reduce("ReduceMean", v, [last]), v)

                yield _operand(subject, node, at, "one number for a row", mean)


def other_reduction(subject: Subject) -> Iterator[Change]:
    """A sum is taken for a mean, a maximum for a minimum, and the other way round."""
    for node in subject.nodes(*_OTHERWISE):
        opset = subject.model.opset_imports[""]
        if len(node.inputs) > 1 and opset < 18:
            continue  # where only ReduceSum takes its axes as an input
        if "axes" in node.attributes and _OTHERWISE[node.op_type] == "ReduceSum" and opset >= 13:
            continue
        other = _OTHERWISE[node.op_type]
        yield Change(f"{node.name}: {other}", partial(subject.rename, node, other))


def wrong_slice(subject: Subject) -> Iterator[Change]:
    """A slice begins and ends one place too early or too late."""
    for node in subject.nodes("Slice"):
        start, stop = (subject.scalar_of(value) for value in node.inputs[1:3])
        if start is None or stop is None or not 0 <= start < stop < 1 << 31:
            continue
        by = -1 if start else 1
        move = partial(subject.set_integers, node, 1, int(start) + by, int(stop) + by)
        yield Change(f"{node.name}: [{start:.0f}, {stop:.0f}) moved by {by}", move)


def wrong_index(subject: Subject) -> Iterator[Change]:
    """A lookup or a selection reads the row after, or the row before the last one."""
    for node in subject.nodes("Gather", "GatherElements"):
        table, ids = subject.fact(node.inputs[0]), subject.fact(node.inputs[1])
        axis = node.attributes["axis"].as_int() if "axis" in node.attributes else 0
        if table is None or ids is None or table.array.shape[axis] < 2 or table.rows == axis:
            continue
        last = table.array.shape[axis] - 1

        def shift(w: Writer, v: ir.Value, last: int = last) -> ir.Value:
            wide = w("Cast", v, to=int(ir.DataType.INT64))
            after = w("Add", wide, w.integers(1))
            inside = w("Less", wide, w.integers(last))
            return w("Where", inside, after, w("Sub", wide, w.integers(1)))

        yield _operand(subject, node, 1, "one off", shift)


def _terms(subject: Subject) -> Iterator[tuple[ir.Node, int]]:
    for node in subject.nodes("Add", "Sum"):
        for at, value in enumerate(node.inputs):
            fact = subject.fact(value)
            if fact is not None and fact.is_float:
                yield node, at


def _others(axis: int, rank: int) -> list[int]:
    return [other for other in range(rank) if other != axis % rank]


def _swap(subject: Subject, node: ir.Node, one: int, other: int) -> Change:
    what = f"{node.name}: inputs {one} and {other} swapped"
    return Change(what, partial(subject.swap_operands, node, one, other))


def _attribute(subject: Subject, node: ir.Node, new: ir.Attr) -> Change:
    old = node.attributes[new.name]
    what = f"{node.name}: {new.name} {old.value} became {new.value}"
    return Change(what, partial(subject.set_attribute, node, new))


def _operand(subject: Subject, node: ir.Node, at: int, what: str, build: Build) -> Change:
    what = f"{node.name}: input {at} {what}"
    return Change(what, partial(subject.operand, node, at, build))
