"""Arithmetic that is nearly right: lower precision, another epsilon, activation or scale."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import onnx_ir as ir

from mutation.subject import Build, Change, Subject, Writer

_TINY = (0.0, 1e-3)
_ACTIVATIONS = (
    "Relu", "Sigmoid", "Tanh", "Erf", "LeakyRelu", "Elu", "Softplus", "Gelu", "PRelu", "Selu",
)  # fmt: skip


def cast_to_float16(subject: Subject) -> Iterator[Change]:
    """A value is rounded to float16."""
    yield from _cast(subject, ir.DataType.FLOAT16)


def cast_to_bfloat16(subject: Subject) -> Iterator[Change]:
    """A value is rounded to bfloat16."""
    yield from _cast(subject, ir.DataType.BFLOAT16)


def other_epsilon(subject: Subject) -> Iterator[Change]:
    """An epsilon is ten times as large."""
    for node in subject.graph:
        if "epsilon" in node.attributes:
            old = node.attributes["epsilon"].as_float()
            new = ir.AttrFloat32("epsilon", 10 * old)
            what = f"{node.name}: epsilon {old:.0e} became {10 * old:.0e}"
            yield Change(what, partial(subject.set_attribute, node, new))
    for node in subject.nodes("Add", "Max", "Clip"):
        for at, value in enumerate(node.inputs):
            number = subject.scalar_of(value)
            if number is not None and _TINY[0] < number < _TINY[1]:
                what = f"{node.name}: {number:.0e} became ten times as large"
                yield Change(what, partial(subject.operand, node, at, _tenfold))


def look_alike(subject: Subject) -> Iterator[Change]:
    """An activation is replaced by one that looks like it."""
    for node in subject.nodes(*_ACTIVATIONS):
        fact = subject.fact(node.outputs[0])
        if fact is not None and fact.is_float:
            what = f"{node.name}: a look-alike of {node.op_type}"
            yield Change(what, partial(subject.after, node.outputs[0], _alike(node)))


def no_activation(subject: Subject) -> Iterator[Change]:
    """An activation is left out."""
    for node in subject.nodes(*_ACTIVATIONS):
        yield Change(f"{node.name}: no {node.op_type}", partial(subject.rename_to_identity, node))


def no_scale(subject: Subject) -> Iterator[Change]:
    """A factor that is one number, such as the scale of attention, is left out."""
    for node in subject.nodes("Mul", "Div"):
        for at, value in enumerate(node.inputs):
            number, other = subject.scalar_of(value), node.inputs[1 - at]
            if number not in (None, 1.0) and other is not None and (at or node.op_type == "Mul"):
                fact = subject.fact(node.outputs[0])
                if fact is not None and fact.is_float:
                    what = f"{node.name}: no factor {number:.3g}"
                    yield Change(what, partial(subject.operand, node, at, _one))


def value_off(subject: Subject) -> Iterator[Change]:
    """A value is off by 1e-3 or by 1e-5 of itself."""
    for value, _ in subject.floats():
        off = float(subject.rng.choice([1e-3, 1e-5]))

        def spoil(w: Writer, v: ir.Value, off: float = off) -> ir.Value:
            return w("Mul", v, w.number(1 + off, v))

        yield Change(f"{value.name}: off by {off:.0e}", partial(subject.after, value, spoil))


def _cast(subject: Subject, to: ir.DataType) -> Iterator[Change]:
    for value, fact in subject.floats():
        if not np.array_equal(fact.array, np.round(fact.array)):

            def narrow(w: Writer, v: ir.Value) -> ir.Value:
                return w.cast(w("Cast", v, to=int(to)), v)

            what = f"{value.name}: through {to.name.lower()}"
            yield Change(what, partial(subject.after, value, narrow), rounds=True)


def _tenfold(w: Writer, v: ir.Value) -> ir.Value:
    return w("Mul", v, w.number(10, v))


def _one(w: Writer, v: ir.Value) -> ir.Value:
    return w.number(1, v)


def _alike(node: ir.Node) -> Build:
    source = node.inputs[0]
    assert source is not None

    def build(w: Writer, v: ir.Value) -> ir.Value:
        x: ir.Value = source
        if node.op_type == "Sigmoid":
            return w("HardSigmoid", x)
        if node.op_type == "Tanh":
            return w("Softsign", x)
        if node.op_type == "Erf":
            cubic = w("Mul", w("Mul", x, x), w("Mul", x, w.number(0.1009, v)))
            inner = w("Mul", w("Add", x, cubic), w.number(2 / np.sqrt(np.pi), v))
            return w("Tanh", inner)
        if node.op_type in ("Relu", "LeakyRelu", "PRelu"):
            slope = node.attributes["alpha"].as_float() if "alpha" in node.attributes else 0.0
            return w("LeakyRelu", x, alpha=slope + 0.01)
        return w("Mul", v, w("Tanh", w("Mul", v, w.number(100, v))))

    return build
