"""Values of one type, side by side in one row of each item: one column of a store, one fetch.

    a [N, 2, 3], b [N], c [N, 4]  ->  [N, 6 + 1 + 4]

A row is reached once, however many values lie in it. The online part takes them apart again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import prod

import onnx_ir as ir

from mari_engine.axes import CANDIDATES
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import NodeWriter


@dataclass(frozen=True, eq=False)
class Handed:
    """An output of a part, and the values that lie in it."""

    output: ir.Value
    names: tuple[str, ...]
    """Of the values, side by side; of a single one the output is the value itself."""
    extents: tuple[tuple[int, ...], ...] = ()
    """Of each value, behind the items; none for a single one."""


def hand_over(
    names: Sequence[str], values: Sequence[ir.Value], writer: NodeWriter, *, join: bool
) -> list[Handed]:
    """Return what hands over these values, in order; with `join` those of one type are joined.

    Values that are joined are `[N, ...]` with known extents behind N.
    """
    groups = dict[object, list[tuple[str, ir.Value]]]()
    for name, value in zip(names, values, strict=True):
        groups.setdefault(value.dtype if join else name, []).append((name, value))
    return [_join(group, writer) for group in groups.values()]


def _join(group: Sequence[tuple[str, ir.Value]], writer: NodeWriter) -> Handed:
    names, values = zip(*group, strict=True)
    if len(values) == 1:
        return Handed(values[0], names)
    extents = tuple(_extents_of(value) for value in values)
    rows = [
        value if len(behind) == 1 else writer.emit(spelling.reshape((0, prod(behind))), [value])
        for value, behind in zip(values, extents, strict=True)
    ]
    joined = writer.emit(spelling.concat(1), rows)
    joined.type = values[0].type
    joined.shape = ir.Shape([CANDIDATES, sum(map(prod, extents))])
    return Handed(joined, names, extents)


def _extents_of(value: ir.Value) -> tuple[int, ...]:
    return tuple(extent for extent in list(value.shape or ())[1:] if isinstance(extent, int))


def take_apart(handed: Handed, given: ir.Value, writer: NodeWriter) -> list[ir.Value]:
    """Return the values that lie in an input which holds the output, each in its own shape."""
    if not handed.extents:
        return [given]
    ends = accumulate((prod(behind) for behind in handed.extents), initial=0)
    found = []
    for (start, stop), behind in zip(pairwise(ends), handed.extents, strict=True):
        value = writer.emit(spelling.cut(start, stop, 1), [given])
        if len(behind) != 1:
            value = writer.emit(spelling.reshape((0, *behind)), [value])
        value.type, value.shape = given.type, ir.Shape([CANDIDATES, *behind])
        found.append(value)
    return found
