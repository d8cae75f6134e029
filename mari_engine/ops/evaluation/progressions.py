"""Arithmetic progressions whose length only the run gives: where the bags of an EmbeddingBag begin.

Its export makes the offsets `0, k, 2k, ...` with a Range, puts the end behind them with a Concat,
and drops the first of both with a Slice, to have where each bag ends.
"""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.axes import Size, Unsupported
from mari_engine.ops.call import Call, Fact, Progression, axis_of

_TO_THE_END = 2**31 - 1
_WHOLE = (ir.DataType.INT64, ir.DataType.INT32)


def range_progression(call: Call) -> Fact:
    """Return `0, step, 2 step, ...` below an extent: Range from zero."""
    start, stop, step = (call.known(at, "the bounds").item() for at in range(3))
    if start != 0 or not isinstance(step, int) or step < 1 or not isinstance(stop, Size):
        raise Unsupported("a range that does not count up from zero")
    return _fact(call, Progression(0, step, Size.of(stop // step)))


def append_next(call: Call) -> Fact:
    """Return a progression with its next element put behind: Concat with the end."""
    found = _progression(call)
    if len(call.operands) != 2 or found.more or found.start:
        raise Unsupported("more than the next element is joined")
    (end,) = call.known(1, "the end").ravel().tolist()
    if not Size.of(end).same(Size.of(found.count * found.step)):
        raise Unsupported("an end that is not the next element")
    return _fact(call, Progression(0, found.step, found.count, more=1))


def drop_first(call: Call) -> Fact:
    """Return a progression without its first element: Slice from 1."""
    found = _progression(call)
    starts, stops = call.listed("starts", 1), call.listed("ends", 2) or [0]
    if not found.more or starts != [1] or stops[0] < _TO_THE_END:
        raise Unsupported("other elements than the first are left out")
    if call.listed("steps", 4) not in (None, [1]):
        raise Unsupported("every second element")
    start = found.start + found.step
    return _fact(call, Progression(start, found.step, found.count, more=found.more - 1))


def same_progression(call: Call) -> Fact:
    """Return the same progression: Identity."""
    found, fact = _progression(call), call.fact(0)
    return Fact(fact.axes, fact.dtype, progression=found)


def cast_progression(call: Call) -> Fact:
    """Return the same progression in another integer type: Cast."""
    found, to = _progression(call), call.attribute("to")
    if to not in _WHOLE:
        raise Unsupported("numbers that are not whole")
    return Fact(call.fact(0).axes, ir.DataType(to), progression=found)


def _fact(call: Call, found: Progression) -> Fact:
    axis = (call.fresh(),) if found.more else axis_of(found.count)
    return Fact((axis,), call.fact(0).dtype, progression=found)


def _progression(call: Call) -> Progression:
    found = call.fact(0).progression
    if found is None:
        raise Unsupported("not a list that counts")
    return found
