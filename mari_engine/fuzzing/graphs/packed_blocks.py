"""Random lookups at the columns of one packed input, each in a table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer


def packed_fields(w: Writer, packed: Value, ids: Sequence[int], vocabulary: int) -> list[Value]:
    """Rows of tables at columns of ids of `[N, D]`, joined along two axes, or one by one.

    Some fields have a second table, as a linear part beside a deep one has.
    """
    width, whole = w.below(4, 1), w.pick(np.int64, np.int32)
    wide, narrow, tables = list[Value](), list[Value](), list[Value]()
    linear = w.chance(0.5)
    for at in ids:
        column = w.cast(_column(w, packed, at), whole)
        shared = bool(tables) and w.chance(0.1)
        table = w.pick(*tables) if shared else w.weight(vocabulary, width)
        tables.append(table)
        wide.append(w.op("Gather", [table, column], ["N", 1, width], axis=0))
        if linear:
            first = w.weight(vocabulary, 1)
            narrow.append(w.op("Gather", [first, column], ["N", 1, 1], axis=0))
    return [_joined(w, found) for found in (wide, narrow) if found]


def _column(w: Writer, packed: Value, at: int) -> Value:
    """Return one column `[N, 1]`, in any spelling."""
    if w.chance(0.2):
        return w.op("Gather", [packed, w.ints(at)], ["N", 1], axis=w.pick(1, -1))
    bounds = [w.ints(at), w.ints(at + 1), w.ints(w.pick(1, -1))]
    return w.op("Slice", [packed, *bounds], ["N", 1])


def _joined(w: Writer, found: Sequence[Value]) -> Value:
    """Return rows `[N, 1, E]` side by side, in any order, or pooled."""
    order: Any = w.rng.permutation(len(found)) if w.chance(0.4) else range(len(found))
    parts = [found[int(at)] for at in order]
    width = parts[0].width
    if w.chance(0.3):
        fields = w.concat(parts, 1)
        return w.reduce(w.pick("ReduceSum", "ReduceMax"), fields, 1, keepdims=False)
    return w.reshape(w.concat(parts, w.pick(1, 2)), ["N", width * len(parts)])
