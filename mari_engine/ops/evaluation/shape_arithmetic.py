"""Partial evaluation of shape arithmetic: elements as numbers, and as symbols for free extents.

Covers what exporters put between a Shape and the Reshape, Expand or Tile that reads it. An element
that only the run gives makes the whole result unknown; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Size, Unsupported, flat, size
from mari_engine.ops.call import Call, Content, Fact, as_content
from mari_engine.ops.evaluation.scalars import exactly, held
from mari_engine.ops.rule import Evaluate, Rule

LARGEST = 65_536
"""Elements beyond which contents are not followed."""
_LARGEST_MAPPED = 1024


def evaluate(rule: Rule, call: Call) -> Fact | None:
    """Return the first result of a node whose elements follow from known operands, or None."""
    for computed in rule.evaluate:
        try:
            return computed(call)
        except (Unsupported, ArithmeticError, LookupError, TypeError, ValueError):
            pass
    return None


def check_count(elements: float) -> None:
    """Return if so many elements are followed; asked before they are made where a model says it."""
    if elements > LARGEST:
        raise Unsupported("too many elements to follow")


def known(content: Content, dtype: ir.DataType | None = ir.DataType.INT64) -> Fact:
    """Return the fact of a tensor whose elements are all known."""
    if not isinstance(content, np.ndarray):
        content = np.array(content, dtype=object)  # numpy unwraps a single object
    check_count(content.size)
    axes: Axes = tuple((extent,) if extent != 1 else () for extent in content.shape)
    return Fact(axes, dtype, as_content(content))


def computed_elements(
    elements: Iterable[Any], shape: Sequence[int], dtype: ir.DataType | None
) -> Fact:
    """Return the fact of a tensor of elements that were worked out, in order.

    Raises Unsupported where its type would change one of them (`held`).
    """
    return known(boxed([held(element, dtype) for element in elements]).reshape(shape), dtype)


def filled(axes: Axes, dtype: ir.DataType | None, value: object) -> Fact:
    """Return the fact of a tensor that holds one element everywhere; its extents may be free.

    Raises Unsupported where its type would change the element (`held`).
    """
    value = held(value, dtype)
    extents = [size(axis) for axis in axes]
    count = size(flat(axes))
    if not count.symbols and 0 < count.number <= LARGEST:
        shape = [extent.number for extent in extents]
        return Fact(axes, dtype, np.full(shape, value, dtype=_numpy_type(value)), value)
    return Fact(axes, dtype, None, value)


def _numpy_type(value: object) -> Any:
    return object if isinstance(value, Size) else np.asarray(value).dtype


def boxed(elements: list[Any]) -> Content:
    """Return a list of numbers and extents as an array of objects, of rank 1."""
    out = np.empty(len(elements), dtype=object)
    out[:] = elements
    return out


def map_elements(
    compute: Callable[..., Any], *, exact: bool = False, truth: bool = False, like: int = 0
) -> Evaluate:
    """Return the evaluation of an elementwise op, broadcast as ONNX does.

    `exact` refuses results that would be rounded; `truth` says that they are booleans; `like` is
    the operand whose type they have otherwise.
    """
    each = exactly(compute) if exact else compute

    def computed(call: Call) -> Fact:
        facts = [call.fact(at) for at in range(len(call.operands))]
        dtype = ir.DataType.BOOL if truth else call.fact(like).dtype
        if all(fact.content is not None for fact in facts):
            arrays = np.broadcast_arrays(*[np.asarray(f.content, dtype=object) for f in facts])
            if arrays[0].size > _LARGEST_MAPPED:
                raise Unsupported("too many elements to follow")
            rows = zip(*[array.ravel().tolist() for array in arrays], strict=True)
            return computed_elements((each(*row) for row in rows), arrays[0].shape, dtype)
        uniform = [fact.uniform for fact in facts]
        if any(element is None for element in uniform):
            raise Unsupported("elements that only the run knows")
        return filled(_widest(facts), dtype, each(*uniform))

    return computed


def _widest(facts: list[Fact]) -> Axes:
    widest = max((fact.axes for fact in facts), key=lambda axes: (len(axes), len(flat(axes))))
    if any(fact.axes not in (widest, ()) and flat(fact.axes) for fact in facts):
        raise Unsupported("different extents")
    return widest


def reduce_list(compute: Callable[[Any, Any], Any]) -> Evaluate:
    """Return the evaluation of a reduction of a list to one whole number, `[K] -> []`."""

    def computed(call: Call) -> Fact:
        content = call.known(0, "the data")
        axes = call.listed("axes", 1)
        if content.ndim > 1 or axes not in (None, [0], [-1]):
            raise Unsupported("a reduction of more than a list")
        elements = content.ravel().tolist()
        if any(isinstance(element, float) for element in elements):
            raise Unsupported("a sum of fractions")
        total = elements[0]
        for element in elements[1:]:
            total = compute(total, element)
        shape = [1] * content.ndim if call.attribute("keepdims", 1) else []
        return computed_elements([total], shape, call.fact(0).dtype)

    return computed
