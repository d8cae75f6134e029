"""Lookups of a graph whose ids are columns of a packed tensor, as exporters write each feature.

X[n, D] -> one column, cast to int64 [n, 1] -> a row of table [V, E] -> [n, 1, E]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, Axis, Pick, Pointwise, Slices, View, flat, static
from mari_engine.ops import Trait, has_trait

_IDS = frozenset({ir.DataType.INT32, ir.DataType.INT64})
_ROWS = _IDS | {
    ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.INT8, ir.DataType.UINT8,
}  # fmt: skip
"""Element types of tables that runtimes join."""
_TYPE = "to"
"""The attribute of a cast that names its type."""
_LONGEST = 6
"""Nodes between a packed tensor and a lookup."""


@dataclass(frozen=True, eq=False)
class PackedIds:
    """Columns of a tensor `[n, D]`, cast to another type or not."""

    source: ir.Value
    columns: tuple[int, ...]
    casts: tuple[ir.Node, ...]
    """The nodes that cast them, the first one first."""
    nodes: tuple[ir.Node, ...]
    """All nodes that make the ids."""

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for ids that may be columns of one block."""
        return (self.source, *(_signature(node) for node in self.casts))


@dataclass(frozen=True, eq=False)
class PackedLookup:
    """The rows of a table `[V, E]` at w columns of ids: `[n, w, E]`, or `[n, E]` for one column."""

    node: ir.Node
    table: ir.Value
    ids: PackedIds
    dtype: ir.DataType
    """Of its ids: int32 or int64."""
    axes: int
    """The number of axes of what it looks up: 2 or 3."""
    per_candidate: bool

    @property
    def rows(self) -> int:
        """V of its table."""
        return _extents(self.table)[0]

    @property
    def width(self) -> int:
        """E of its table."""
        return _extents(self.table)[1]

    @property
    def columns(self) -> int:
        """The number w of its columns."""
        return len(self.ids.columns)

    @property
    def found(self) -> ir.Value:
        """What it looks up."""
        return self.node.outputs[0]


def find_lookups(graph: ir.Graph, survey: Survey) -> Iterator[PackedLookup]:
    """Yield the lookups at packed ids whose tables lie in the model's own file."""
    for node in graph:
        table, ids = (*node.inputs, None, None)[:2]
        if not has_trait(node, Trait.ROW_LOOKUP) or table is None or ids is None:
            continue
        spec = survey.specs.get(node)
        if not isinstance(spec, Slices) or spec.mixed != {0} or not _is_own_table(table):
            continue
        packed, fact = _trace(ids, survey), survey.values.get(ids)
        if packed is None or fact is None or fact.dtype not in _IDS:
            continue
        first, *others = fact.axes
        if len(others) > 1 or first not in ((), (CANDIDATES,)):
            continue
        rank = len(fact.axes) + 1
        yield PackedLookup(node, table, packed, fact.dtype, rank, CANDIDATES in first)


def _is_own_table(table: ir.Value) -> bool:
    """Return True for a constant `[V, E]` that is no input's default and not in another file."""
    tensor = table.const_value
    if tensor is None or isinstance(tensor, ir.ExternalTensor) or tensor.dtype not in _ROWS:
        return False
    own = table.is_initializer() and not table.is_graph_input()
    return own and len(tensor.shape) == 2 and _extents(table)[0] > 1


def _extents(table: ir.Value) -> tuple[int, ...]:
    assert table.const_value is not None
    return tuple(int(extent) for extent in table.const_value.shape.numpy())


def _trace(ids: ir.Value, survey: Survey) -> PackedIds | None:
    """Return the columns of a packed tensor that ids are, None for ids that are none."""
    value, casts, nodes = ids, list[ir.Node](), list[ir.Node]()
    for _ in range(_LONGEST):
        node = value.producer()
        read = node.inputs[0] if node is not None and node.inputs else None
        if node is None or read is None:
            return None
        spec = survey.specs.get(node)
        nodes.append(node)
        if isinstance(spec, Pick):
            columns = tuple(spec.indices[node.outputs.index(value)].tolist())
            if not _is_packed(spec):
                return None
            return PackedIds(read, columns, tuple(casts[::-1]), tuple(nodes))
        if _casts(node, spec):
            casts.append(node)
        elif not isinstance(spec, View) or not _shows_one_column(spec):
            return None
        value = read
    return None


def _is_packed(spec: Pick) -> bool:
    """Return True for columns `[n, w]` or a column `[n]` of a tensor `[n, D]`."""
    axes = spec.axes(0)
    return len(axes) == 2 and len(axes[1]) == 1 and spec.position == len(flat(axes)) - 1


def _casts(node: ir.Node, spec: object) -> bool:
    alone = isinstance(spec, Pointwise) and len(node.inputs) == len(node.outputs) == 1
    return alone and _TYPE in node.attributes


def _shows_one_column(spec: View) -> bool:
    """Return True where `[n]` is seen as `[n, 1]`, or the other way round."""
    before, after = spec.axes(0), spec.results[0]
    return _without_ones(before) == _without_ones(after) in ([], [(CANDIDATES,)])


def _without_ones(axes: tuple[Axis, ...]) -> list[Axis]:
    return [axis for axis in axes if static(axis) != 1]


def _signature(node: ir.Node) -> tuple[object, ...]:
    attributes = sorted((name, str(held.value)) for name, held in node.attributes.items())
    return (node.domain, node.op_type, *attributes)
