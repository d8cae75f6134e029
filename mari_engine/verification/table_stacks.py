"""Lookup tables that lie one behind the other in one table of the other model: `[V_1 + V_2, E]`.

A rewritten model looks up ids of several tables at once; once it is loaded, its constants folded,
the stack stands in the place of the tables. No name says which rows are whose: a table is found by
its rows, of which more than half must be equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

_SAMPLE = 256
"""Rows by which a table is recognized."""
_BEGIN = 2
"""Rows by which it is looked for: the first alone is that of padding in many."""


@dataclass(frozen=True, eq=False)
class StackedTable:
    """A table by its name, and the rows of the stack that stand for it."""

    name: str
    first: int
    rows: np.ndarray
    table: np.ndarray


def list_stacked(
    stack: ir.TensorProtocol, tables: Mapping[str, ir.TensorProtocol]
) -> Iterator[StackedTable]:
    """Yield the tables that a stack begins with, in its order; none where it is none of these."""
    size = stack.shape.numpy()
    left = {
        name: table
        for name, table in tables.items()
        if table.dtype == stack.dtype
        and len(table.shape) == len(size) > 1
        and table.shape.numpy()[1:] == size[1:]
        and 0 < table.shape.numpy()[0] < size[0]
    }
    rows, at = stack.numpy() if left else np.empty(0), 0
    begins = defaultdict[bytes, list[str]](list)
    for name, table in left.items():
        begins[table.numpy()[:_BEGIN].tobytes()].append(name)
    while left:
        likely = begins[rows[at : at + _BEGIN].tobytes()]  # of many tables not all are tried
        tried = (name for name in (*likely, *left) if name in left)
        found = next((name for name in tried if _is_at(left[name], rows[at:])), None)
        if found is None:
            return
        own = left.pop(found).numpy()
        yield StackedTable(found, at, rows[at : at + len(own)], own)
        at += len(own)


def _is_at(table: ir.TensorProtocol, rows: np.ndarray) -> bool:
    """Return whether most rows of a table, by a sample, are these rows' first ones."""
    count = table.shape.numpy()[0]
    if count > len(rows):
        return False
    some = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64))
    equal = (table.numpy()[some] == rows[some]).reshape(len(some), -1).all(axis=1)
    return bool(2 * equal.sum() > len(some))
