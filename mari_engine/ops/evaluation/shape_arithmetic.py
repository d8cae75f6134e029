"""Shape arithmetic: what can be computed before the model runs, with symbols for free extents.

Covers the ops that exporters put between a Shape and a Reshape, Expand or Tile. An element that
only the run knows makes the whole result unknown; nothing is guessed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Size, Unsupported, flat, size
from mari_engine.ops.evaluation import progressions
from mari_engine.ops.evaluation.mask_indices import repeated, true_places, turned
from mari_engine.ops.evaluation.scalars import ARITHMETIC, PLACEWISE, TRUTHS, exactly
from mari_engine.ops.rule import Call, Content, Fact, as_content, axis_of

LARGEST = 65_536
"""Elements beyond which contents are not followed."""


def evaluate(call: Call) -> Fact | None:
    """Return the first result when it is known before the model runs, or None."""
    for computed in (_COMPUTED, progressions.COMPUTED):
        try:
            return computed[call.op](call)
        except (Unsupported, ValueError, LookupError, OverflowError, ZeroDivisionError):
            pass
    return None


def known(content: Content, dtype: ir.DataType | None = ir.DataType.INT64) -> Fact:
    """Return the fact of a tensor whose elements are all known."""
    if not isinstance(content, np.ndarray):
        content = np.array(content, dtype=object)  # numpy unwraps a single object
    if content.size > LARGEST:
        raise Unsupported("too many elements to follow")
    axes: Axes = tuple((extent,) if extent != 1 else () for extent in content.shape)
    return Fact(axes, dtype, as_content(content))


def _filled(axes: Axes, dtype: ir.DataType | None, value: object) -> Fact:
    extents = [size(axis) for axis in axes]
    count = size(flat(axes))
    if not count.symbols and 0 < count.number <= LARGEST:
        shape = [extent.number for extent in extents]
        return Fact(axes, dtype, np.full(shape, value, dtype=_numpy_type(value)), value)
    return Fact(axes, dtype, None, value)


def _numpy_type(value: object) -> Any:
    return object if isinstance(value, Size) else np.asarray(value).dtype


def _shape(call: Call) -> Fact:
    extents = [size(axis).plain() for axis in call.axes(0)]
    cut = slice(call.attribute("start", 0), call.attribute("end"))
    return known(_objects(extents[cut]))


def _objects(elements: list[Any]) -> Content:
    out = np.empty(len(elements), dtype=object)
    out[:] = elements
    return out


def _size(call: Call) -> Fact:
    return known(np.array(size(flat(call.axes(0))).plain(), dtype=object))


def _constant_of_shape(call: Call) -> Fact:
    value = call.attribute("value")
    scalar: object = 0.0 if value is None else value.numpy().ravel()[0].item()
    dtype = ir.DataType.FLOAT if value is None else value.dtype
    axes = tuple(axis_of(extent) for extent in call.known(0, "the extents").ravel().tolist())
    return _filled(axes, dtype, scalar)


def _gather(call: Call) -> Fact:
    index = np.asarray(call.known(1, "the indices"), dtype=np.int64)
    picked = np.take(call.known(0, "the data"), index, axis=call.attribute("axis", 0))
    return known(picked, _dtype(call))


def _concat(call: Call) -> Fact:
    parts = [call.known(at, "the parts") for at in range(len(call.operands))]
    boxed = [part.astype(object) for part in parts]
    return known(np.concatenate(boxed, axis=call.attribute("axis", 0)), _dtype(call))


def _slice(call: Call) -> Fact:
    data = call.known(0, "the data")
    starts, stops = call.listed("starts", 1) or [], call.listed("ends", 2) or []
    at = call.listed("axes", 3) or list(range(len(starts)))
    steps = call.listed("steps", 4) or [1] * len(starts)
    cuts = [slice(None)] * data.ndim
    for axis, start, stop, step in zip(at, starts, stops, steps, strict=True):
        cuts[axis] = slice(start, stop if step > 0 or stop > -(2**31) else None, step)
    return known(data[tuple(cuts)], _dtype(call))


def _squeeze(call: Call) -> Fact:
    data, axes = call.known(0, "the data"), call.listed("axes", 1)
    return known(np.squeeze(data, None if axes is None else tuple(axes)), _dtype(call))


def _unsqueeze(call: Call) -> Fact:
    return known(
        np.expand_dims(call.known(0, "the data"), call.listed("axes", 1) or []), _dtype(call)
    )


def _reshape(call: Call) -> Fact:
    fact = call.fact(0)
    shape = [int(extent) for extent in call.known(1, "the extents").ravel()]
    return known(call.known(0, "the data").reshape(shape), fact.dtype)


def _expand(call: Call) -> Fact:
    fact = call.fact(0)
    wanted = call.known(1, "the extents").ravel().tolist()
    if call.op == "Tile":
        if fact.uniform is None:
            raise Unsupported("different elements are repeated")
        pairs = zip(fact.axes, wanted, strict=True)
        return _filled(
            tuple(axis_of(size(a) * Size.of(w)) for a, w in pairs), fact.dtype, fact.uniform
        )
    if fact.uniform is not None:
        rank = max(len(wanted), len(fact.axes))
        wanted = [1] * (rank - len(wanted)) + wanted
        held = ((),) * (rank - len(fact.axes)) + fact.axes
        axes = tuple(
            axis_of(extent) if size(axis) == Size() else axis
            for axis, extent in zip(held, wanted, strict=True)
        )
        return _filled(axes, fact.dtype, fact.uniform)
    content = call.known(0, "the data")
    if any(isinstance(extent, Size) for extent in wanted):
        return repeated(call, content, wanted)
    return known(
        np.broadcast_to(content, np.broadcast_shapes(content.shape, [int(w) for w in wanted])),
        fact.dtype,
    )


def _range(call: Call) -> Fact:
    bounds = [call.known(at, "the bounds").item() for at in range(3)]
    if any(isinstance(bound, Size) for bound in bounds):
        raise Unsupported("a range whose length only the run knows")
    return known(np.arange(*bounds), call.fact(0).dtype)


def _cast(call: Call) -> Fact:
    fact, to = call.fact(0), ir.DataType(call.attribute("to"))
    if fact.uniform is not None:
        return _filled(fact.axes, to, _converted(fact.uniform, to))
    content = call.known(0, "the data")
    if content.dtype == object and to not in (ir.DataType.INT64, ir.DataType.INT32):
        raise Unsupported("extents become fractions")
    if content.dtype == object:
        return known(content, to)
    converted = content.astype(to.numpy())
    if content.dtype.kind == converted.dtype.kind == "f" and (converted != content).any():
        raise Unsupported("fractions that would be rounded")
    return known(converted, to)


def _converted(element: object, to: ir.DataType) -> object:
    if isinstance(element, Size):
        return element
    converted = np.asarray(element).astype(to.numpy()).item()
    if isinstance(element, float) and isinstance(converted, float) and converted != element:
        raise Unsupported("a fraction that would be rounded")
    return converted


def _reduced(compute: Callable[[Any, Any], Any]) -> Callable[[Call], Fact]:
    def evaluate_one(call: Call) -> Fact:
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
        return known(np.array(total, dtype=object).reshape(shape), call.fact(0).dtype)

    return evaluate_one


def _dtype(call: Call) -> ir.DataType | None:
    if call.op in TRUTHS:
        return ir.DataType.BOOL
    return call.fact(1 if call.op == "Where" else 0).dtype


def _one_hot(call: Call) -> Fact:
    indices = np.asarray(call.known(0, "the indices"), dtype=np.int64)
    depth = int(call.known(1, "the depth").item())
    off, on = call.known(2, "the values").ravel().tolist()
    places = np.where(indices < 0, indices + depth, indices)
    hot = np.arange(depth) == places[..., None]
    out = np.where(hot, _boxed(on), _boxed(off))
    return known(np.moveaxis(out, -1, call.attribute("axis", -1)), call.fact(2).dtype)


def _boxed(element: object) -> Content:
    """Return one element as an array of objects; numpy would unwrap it."""
    out = np.empty((), dtype=object)
    out[()] = element
    return out


def _placewise(call: Call) -> Fact:
    compute = PLACEWISE[call.op]
    if call.op in ARITHMETIC:
        compute = exactly(compute)
    facts = [call.fact(at) for at in range(len(call.operands))]
    if all(fact.content is not None for fact in facts):
        arrays = np.broadcast_arrays(*[np.asarray(f.content, dtype=object) for f in facts])
        if arrays[0].size > 1024:
            raise Unsupported("too many elements to follow")
        flat_results = [
            compute(*row) for row in zip(*[a.ravel().tolist() for a in arrays], strict=True)
        ]
        return known(_objects(flat_results).reshape(arrays[0].shape), _dtype(call))
    uniform = [fact.uniform for fact in facts]
    if any(element is None for element in uniform):
        raise Unsupported("elements that only the run knows")
    widest = max((fact.axes for fact in facts), key=lambda axes: (len(axes), len(flat(axes))))
    if any(fact.axes not in (widest, ()) and flat(fact.axes) for fact in facts):
        raise Unsupported("different extents")
    return _filled(widest, _dtype(call), compute(*uniform))


_COMPUTED: Mapping[str, Callable[[Call], Fact]] = {
    "Shape": _shape,
    "Size": _size,
    "ConstantOfShape": _constant_of_shape,
    "Gather": _gather,
    "Concat": _concat,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Expand": _expand,
    "NonZero": true_places,
    "Transpose": turned,
    "Tile": _expand,
    "Range": _range,
    "Cast": _cast,
    "OneHot": _one_hot,
    "ReduceProd": _reduced(operator.mul),
    "ReduceSum": _reduced(operator.add),
    "ReduceMax": _reduced(max),
    "ReduceMin": _reduced(min),
    **dict.fromkeys(PLACEWISE, _placewise),
}
