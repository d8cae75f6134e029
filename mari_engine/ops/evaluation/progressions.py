"""Lists that count up in equal steps and are as long as only the run knows: where bags begin.

An EmbeddingBag is exported with its offsets made of a Range, its end put behind it by a Concat,
and a Slice of both that holds where each bag ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx_ir as ir

from mari_engine.axes import Size, Unsupported
from mari_engine.ops.rule import Call, Fact, Progression, axis_of

_TO_THE_END = 2**31 - 1


def _range(call: Call) -> Fact:
    start, stop, step = (call.known(at, "the bounds").item() for at in range(3))
    if start != 0 or not isinstance(step, int) or step < 1 or not isinstance(stop, Size):
        raise Unsupported("a range that does not count up from zero")
    return _counting(call, Progression(0, step, Size.of(stop // step)))


def _counting(call: Call, found: Progression) -> Fact:
    axis = (call.fresh(),) if found.more else axis_of(found.count)
    return Fact((axis,), call.fact(0).dtype, counting=found)


def _of(call: Call) -> Progression:
    found = call.fact(0).counting
    if found is None:
        raise Unsupported("not a list that counts")
    return found


def _concat(call: Call) -> Fact:
    """The next element put behind."""
    found = _of(call)
    if len(call.operands) != 2 or found.more or found.start:
        raise Unsupported("more than the next element is joined")
    (end,) = call.known(1, "the end").ravel().tolist()
    if not Size.of(end).same(Size.of(found.count * found.step)):
        raise Unsupported("an end that is not the next element")
    return _counting(call, Progression(0, found.step, found.count, more=1))


def _slice(call: Call) -> Fact:
    """The first element left out."""
    found = _of(call)
    starts, stops = call.listed("starts", 1), call.listed("ends", 2) or [0]
    if not found.more or starts != [1] or stops[0] < _TO_THE_END:
        raise Unsupported("other elements than the first are left out")
    if call.listed("steps", 4) not in (None, [1]):
        raise Unsupported("every second element")
    start = found.start + found.step
    return _counting(call, Progression(start, found.step, found.count, more=found.more - 1))


def _same(call: Call) -> Fact:
    found, fact = _of(call), call.fact(0)
    if call.op == "Cast" and call.attribute("to") not in (ir.DataType.INT64, ir.DataType.INT32):
        raise Unsupported("numbers that are not whole")
    dtype = ir.DataType(call.attribute("to")) if call.op == "Cast" else fact.dtype
    return Fact(fact.axes, dtype, counting=found)


COMPUTED: Mapping[str, Callable[[Call], Fact]] = {
    "Range": _range,
    "Concat": _concat,
    "Slice": _slice,
    "Cast": _same,
    "Identity": _same,
}
"""By op: what makes the first result of operands that count."""
