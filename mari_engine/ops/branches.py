"""Branches of an op: what it does one way or another by its operands, and which ways a run took.

A condition chooses, a clip holds back, a lookup has a first and a last row, a loop its trips. A
model that is wrong in one of them is seen only by a request that takes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.graph import constant_array

Values = Sequence[ir.Value | None]
Arrays = Sequence[np.ndarray]
Taken = Mapping[str, np.ndarray]
"""By branch, whether it was taken: `[]`, or one for each place of `[N, *places]`."""

Turns = Iterator[tuple[ir.Value, float]]
"""Values, and the numbers at which a node takes another branch."""

_MOST_PLACES = 4096
"""Places of a slice up to which each is told apart."""
_LOW = -1e4
"""A factor from which on a product is the score of something masked."""


@dataclass(frozen=True)
class Branches:
    """Which ways an op has, and how a run shows the ones that it took."""

    shown: Callable[[ir.Node], Values]
    """The values that tell it; none where the node has one way only."""
    taken: Callable[[ir.Node, Arrays], Taken]
    """From the arrays of these values."""
    turns: Callable[[ir.Node], Turns] = lambda _node: iter(())
    """Where another branch begins, as far as constants tell: what requests should come near to."""
    piece: Callable[[ir.Node], bool] = lambda _node: False
    """Whether they are pieces of one function, which a rewritten model may well write anew."""


def _by_place(hit: np.ndarray) -> np.ndarray:
    """Return where `[N, *places]` holds for some of the N."""
    if hit.ndim < 2 or not hit.size or hit[0].size > _MOST_PLACES:
        return np.array(hit.any())
    return np.asarray(hit.any(axis=0))


def _chosen(chosen: np.ndarray) -> Taken:
    """Return which values a condition `[N, *places]` had, and whether whole rows had one."""
    taken = {"true": _by_place(chosen), "false": _by_place(~chosen)}
    if chosen.ndim > 1 and chosen.shape[-1] > 1:
        every, none = chosen.all(axis=-1), ~chosen.any(axis=-1)
        taken["a row all true"] = np.array(every.any())
        taken["a row all false"] = np.array(none.any())
        taken["a row of both"] = np.array((~every & ~none).any())
    return taken


def _operand(at: int) -> Callable[[ir.Node], Values]:
    return lambda node: node.inputs[at : at + 1]


def _results(node: ir.Node) -> Values:
    return node.outputs[:1]


def _compared(_node: ir.Node, shown: Arrays) -> Taken:
    found = shown[0].astype(bool)
    return {"true": np.array(found.any()), "false": np.array((~found).any())}


def _signs(_node: ir.Node, shown: Arrays) -> Taken:
    return {"below zero": np.array((shown[0] < 0).any()), "above": np.array((shown[0] > 0).any())}


def _filled(node: ir.Node, shown: Arrays) -> Taken:
    """Return which numbers an Imputer replaces, as the condition that chooses another."""
    (numbers,) = shown
    (replaced,) = [number for _, number in _at_replaced(node)] or [0.0]
    return _chosen(numbers != numbers if math.isnan(replaced) else numbers == replaced)


def _at_replaced(node: ir.Node) -> Turns:
    value = node.inputs[0]
    whole = value is not None and value.dtype in (ir.DataType.INT32, ir.DataType.INT64)
    held = node.attributes.get("replaced_value_int64" if whole else "replaced_value_float")
    if held is not None and value is not None:
        yield value, float(held.value)


def _bounded(node: ir.Node) -> Values:
    return (node.inputs[0], node.outputs[0]) if any(_bounds(node)) else ()


def _bounds(node: ir.Node) -> tuple[bool, bool]:
    """Return whether a Clip has a lower and an upper bound, given as attributes or operands."""
    operands = [at < len(node.inputs) and node.inputs[at] is not None for at in (1, 2)]
    return (operands[0] or "min" in node.attributes), (operands[1] or "max" in node.attributes)


def _clipped(node: ir.Node, shown: Arrays) -> Taken:
    before, after = shown
    below, above = _bounds(node)
    taken = {"let through": np.array((before == after).any())}
    if below:
        taken["held at the lower bound"] = np.array((before < after).any())
    if above:
        taken["held at the upper bound"] = np.array((before > after).any())
    return taken


def _against_constant(node: ir.Node) -> Values:
    """Return an operand and the result of a Max or Min of it and a constant."""
    if len(node.inputs) != 2:
        return ()
    others = [value for value in node.inputs if constant_array(value) is None]
    return (others[0], node.outputs[0]) if len(others) == 1 else ()


def _held(_node: ir.Node, shown: Arrays) -> Taken:
    same = shown[0] == shown[1]
    return {"let through": np.array(same.any()), "held at the bound": np.array((~same).any())}


def _masked_product(node: ir.Node) -> Values:
    """Return the result of a product with a number such as -1e9, which masks scores."""
    constants = [array for value in node.inputs if (array := constant_array(value)) is not None]
    numbers = [array for array in constants if array.size == 1 and array.dtype.kind in "fV"]
    return node.outputs[:1] if any(float(one.item()) <= _LOW for one in numbers) else ()


def _masked(_node: ir.Node, shown: Arrays) -> Taken:
    words = {"true": "masked", "false": "not masked"}
    taken = _chosen(shown[0].astype(np.float64) <= _LOW)
    return {_renamed(name, words): hit for name, hit in taken.items()}


def _renamed(name: str, words: Mapping[str, str]) -> str:
    return " ".join(words.get(word, word) for word in name.split())


def _looked_up(node: ir.Node) -> Values:
    return node.inputs[1:2] if _rows(node) > 1 else ()


def _rows(node: ir.Node) -> int:
    """Return how many rows a lookup chooses from; 0 where only the run knows."""
    table = node.inputs[0]
    if table is None or table.shape is None or not len(table.shape):
        return 0
    rows = table.shape[node.attributes.get_int("axis", 0) % len(table.shape)]
    return rows if isinstance(rows, int) else 0


def _rows_found(node: ir.Node, shown: Arrays) -> Taken:
    rows = _rows(node)
    found = shown[0].astype(np.int64) % rows
    return {"row 0": np.array((found == 0).any()),
            f"row {rows - 1}": np.array((found == rows - 1).any())}  # fmt: skip


def _looped(node: ir.Node) -> Values:
    """Return what tells a loop's trips: a result that each trip adds a row to, or their bound."""
    carried = len(node.inputs) - 2
    return node.outputs[carried : carried + 1] or node.inputs[:1]


def _trips(node: ir.Node, shown: Arrays) -> Taken:
    (told,) = shown
    trips = len(told) if len(node.outputs) > len(node.inputs) - 2 else int(told.reshape(-1)[0])
    return {
        "no trip": np.array(trips < 1),
        "one trip": np.array(trips == 1),
        "more trips": np.array(trips > 1),
    }


_LENGTHY = 6
"""A bound beyond which a slice leaves short lists whole."""
_OPEN = 2**31 - 1
"""A bound that stands for the end."""


def _cut_by(node: ir.Node) -> Values:
    """Return the operand and the result of a slice that leaves short lists whole."""
    return (node.inputs[0], node.outputs[0]) if any(_cuts(node)) else ()


def _cuts(node: ir.Node) -> Iterator[int]:
    """Yield the lengths up to which a slice with constant bounds leaves a free axis whole."""
    data = node.inputs[0]
    given = [constant_array(value) for value in node.inputs[1:4]]
    if data is None or data.shape is None or any(array is None for array in given[:2]):
        return
    bounds = [array.reshape(-1).tolist() for array in given if array is not None]
    axes = bounds[2] if len(bounds) > 2 else range(len(bounds[0]))
    for axis, start, end in zip(axes, *bounds[:2], strict=False):
        free = -len(data.shape) <= axis < len(data.shape) and not isinstance(data.shape[axis], int)
        yield from (abs(at) for at in (start, end) if free and _LENGTHY < abs(at) < _OPEN)


def _cut(_node: ir.Node, shown: Arrays) -> Taken:
    before, after = shown
    same = before.shape == after.shape
    return {"cut": np.array(not same), "left whole": np.array(same)}


def _at_cuts(node: ir.Node) -> Turns:
    for length in _cuts(node):
        yield node.inputs[0], float(length)  # type: ignore[misc]


_MOST_NUMBERS = 16
"""Numbers of a constant up to which each of them is a turn."""


def _at_constants(node: ir.Node) -> Turns:
    """Yield each operand with the numbers of the constants that it meets."""
    constants = {value: array for value in node.inputs if (array := _few_numbers(value)).size}
    for value in node.inputs:
        if value is not None and value not in constants:
            for array in constants.values():
                yield from ((value, float(number)) for number in array.reshape(-1))


def _few_numbers(value: ir.Value | None) -> np.ndarray:
    array = constant_array(value)
    if array is None or array.size > _MOST_NUMBERS or array.dtype.kind not in "iufbV":
        return np.empty(0)
    numbers = np.unique(array.astype(np.float64))
    return numbers[np.isfinite(numbers)]  # no input is given an infinity to meet another


def _at(*numbers: float) -> Callable[[ir.Node], Turns]:
    """Return turns of the first operand."""

    def turns(node: ir.Node) -> Turns:
        if node.inputs and node.inputs[0] is not None:
            yield from ((node.inputs[0], number) for number in numbers)

    return turns


def _at_bounds(node: ir.Node) -> Turns:
    attributes = (node.attributes.get(name) for name in ("min", "max"))
    given = [each.as_float() for each in attributes if each is not None]
    yield from _at(*given)(node)
    yield from _at_constants(node)


def _at_ends(node: ir.Node) -> Turns:
    ids, rows = node.inputs[1], _rows(node)
    if ids is not None and rows:
        yield ids, 0.0
        yield ids, float(rows - 1)


def _masks(node: ir.Node) -> Values:
    """Return the mask of an attention, or its lengths without padding, unless it is a constant."""
    given = [node.inputs[at] if at < len(node.inputs) else None for at in (3, 6)]
    return [value for value in given if value is not None and constant_array(value) is None][:1]


def _attended(node: ir.Node, shown: Arrays) -> Taken:
    """Return what a boolean mask chose, or whether rows saw a key."""
    (mask,) = shown
    if mask.dtype.kind == "b":
        return _chosen(mask)
    lengths = mask.dtype.kind in "iu"
    seen = mask > 0 if lengths else ~np.isneginf(mask.astype(np.float64)).all(axis=-1)
    return {"a row sees a key": np.array(seen.any()), "a row sees none": np.array((~seen).any())}


ATTENDED = Branches(_masks, _attended)
"""What a row of an attention sees."""
CONDITION = Branches(_operand(0), lambda _node, shown: _chosen(shown[0].astype(bool)))
"""A condition that chooses between two values or two subgraphs."""
COMPARISON = Branches(_results, _compared, _at_constants)
NOT_A_NUMBER = Branches(_results, _compared, _at(math.nan))
INFINITE = Branches(_results, _compared, _at(math.inf, -math.inf))
SIGN = Branches(_operand(0), _signs, _at(0.0))
"""Zero divides its operand's elements."""
FILLED = Branches(_operand(0), _filled, _at_replaced)
"""Numbers that are filled in where they are missing."""
CLIP = Branches(_bounded, _clipped, _at_bounds)
BOUND = Branches(_against_constant, _held, _at_constants)
MASK = Branches(_masked_product, _masked)
LOOKUP = Branches(_looked_up, _rows_found, _at_ends)
CUT = Branches(_cut_by, _cut, _at_cuts)
TRIPS = Branches(_looped, _trips, _at(0.0, 1.0, 2.0))
