"""Products over item columns and others, taken apart so that the items' share is a value.

    x W + row                  =  (x W) + row                  x of the items, row of the request
    [x | c] W + row            =  (x W_x) + (c W_c + row)      c of the candidates

A split leaves `x W + u` as one node, in which what could be stored is not a tensor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, Contract, Join, View, flat, static
from mari_engine.graph import stored_bytes
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import Constant, NodeWriter
from mari_engine.serving.offload.sides import Sides, is_row
from mari_engine.types import Side

_MATRIX = 2
_LARGEST = 1 << 26
"""Bytes of a weight that is still divided by rows."""


@dataclass(frozen=True)
class Opened:
    """A product that was taken apart, by the names of nodes."""

    product: str
    """The original product's."""
    item: str
    """The items' share."""
    others: tuple[str, ...]
    """The nodes that the product needs besides, wherever the items' share is computed."""


def open_products(
    model: ir.Model, survey: Survey, sides: Sides, only: Collection[str] | None = None
) -> tuple[Opened, ...]:
    """Take products apart, in place; with `only`, those whose new values are among these names.

    `only` holds values of a model that was opened before: names are given alike.
    """
    graph = model.graph
    opening = _Opening(survey, NodeWriter(opset=graph.opset_imports.get("", 0)), only)
    opening.writer.avoid(graph)
    opened = []
    for node in list(graph):
        share = _find(node, survey, sides)
        if share is not None and opening.is_wanted(node, share):
            opened.append(opening.write(node, share))
    for value in opening.writer.initializers.values():
        graph.register_initializer(value)
    return tuple(opened)


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns of one side: the operand that they are of, what holds them, and rows of the weight.

    Without rows they are all columns, and `values` is the product's own operand.
    """

    whole: ir.Value
    values: tuple[ir.Value, ...]
    rows: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class _Share:
    """A product's columns by side."""

    item: _Columns
    rest: _Columns | None = None
    axis: int = 0
    """The weight's axis of columns that are summed."""


def _find(node: ir.Node, survey: Survey, sides: Sides) -> _Share | None:
    spec = survey.specs.get(node)
    if not isinstance(spec, Contract) or len(spec.terms) != 2 or spec.addend_scale != 1.0:
        return None
    left, weight, *more = node.inputs
    if left is None or weight is None or len(more) != (spec.addend is not None):
        return None
    if sides.of(weight) != Side.CONSTANT or sides.of_node(node) != Side.CANDIDATE:
        return None
    if sides.of(left) == Side.ITEM:
        return _Share(_Columns(left, (left,)))
    return _find_columns(left, weight, spec, survey, sides)


def _find_columns(
    left: ir.Value, weight: ir.Value, spec: Contract, survey: Survey, sides: Sides
) -> _Share | None:
    """Return the shares of a product `[N, K] x [K, M]` over joined columns, some of them items'."""
    tensor, axes = weight.const_value, spec.operands[0] or ()
    if tensor is None or isinstance(tensor, ir.ExternalTensor) or len(tensor.shape) != 2:
        return None
    if len(axes) != 2 or axes[0] != (CANDIDATES,) or len(spec.terms[0]) != 2:
        return None
    rows, summed = spec.terms[0]
    if rows not in spec.output or summed in spec.output or stored_bytes(tensor) > _LARGEST:
        return None
    leaves = list(_list_leaves(left, survey, sides))
    widths = [_width(leaf, survey) for leaf in leaves]
    ends = np.cumsum([width or 0 for width in widths])
    axis = 0 if spec.terms[1][:1] == (summed,) else 1
    if None in widths or tensor.shape[axis] != ends[-1]:
        return None
    parts = [
        (leaf, np.arange(end - (width or 0), end))
        for leaf, width, end in zip(leaves, widths, ends, strict=True)
    ]
    mine = [part for part in parts if sides.of(part[0]) == Side.ITEM]
    others = [part for part in parts if sides.of(part[0]) != Side.ITEM]
    if not mine or not others:
        return None
    item, rest = (
        _Columns(left, tuple(leaf for leaf, _ in each), np.concatenate([rows for _, rows in each]))
        for each in (mine, others)
    )
    return _Share(item, rest, axis)


def _list_leaves(value: ir.Value, survey: Survey, sides: Sides) -> Iterator[ir.Value]:
    """Yield what a value `[N, K]` joins, in order, whatever it was reshaped in between."""
    node = value.producer()
    spec = None if node is None else survey.specs.get(node)
    if node is None or sides.of(value) != Side.CANDIDATE:
        yield value
    elif isinstance(spec, View) and list(spec.source) == sorted(set(spec.source) - {-1}):
        yield from _list_leaves(_operand(node, 0), survey, sides)
    elif isinstance(spec, Join) and spec.position == 1 and len(flat(spec.results[0])) == _MATRIX:
        for at in range(len(node.inputs)):
            yield from _list_leaves(_operand(node, at), survey, sides)
    else:
        yield value


def _operand(node: ir.Node, at: int) -> ir.Value:
    value = node.inputs[at]
    assert value is not None
    return value


def _width(value: ir.Value, survey: Survey) -> int | None:
    """Return the columns of a value with one row for each candidate; None for another."""
    fact = survey.values.get(value)
    if fact is None or not is_row(fact.axes):
        return None
    return static(flat(fact.axes[1:]))


@dataclass(eq=False)
class _Opening:
    survey: Survey
    writer: NodeWriter
    only: Collection[str] | None
    joins: dict[str, ir.Value] = field(default_factory=dict)
    """Columns of one side, which several products may read."""

    def is_wanted(self, node: ir.Node, share: _Share) -> bool:
        names = {_name_share(node.outputs[0])}
        if share.rest is not None:
            names.add(_name_share(share.item.whole))
        return self.only is None or not names.isdisjoint(self.only)

    def write(self, node: ir.Node, share: _Share) -> Opened:
        self.writer.nodes = []
        more = list(node.inputs[2:])
        with self.writer.on_behalf([node]):
            item = self.product(node, share.item, share.axis, [], "item")
            made = len(self.writer.nodes)
            other = more[0] if share.rest is None else None
            if share.rest is not None:
                other = self.product(node, share.rest, share.axis, more, "rest")
            assert other is not None
            total = self.writer.emit(spelling.add(), [item, other])
        item.name = _name_share(node.outputs[0])
        names = [each.name or "" for each in self.writer.nodes]
        _replace(node, total, self.writer.nodes)
        return Opened(node.name or "", names[made - 1], tuple(names[made:]))

    def product(
        self, node: ir.Node, columns: _Columns, axis: int, more: Sequence[ir.Value | None],
        side: str,
    ) -> ir.Value:  # fmt: skip
        """Write the product of one side's columns."""
        weight = node.inputs[1]
        assert weight is not None
        if columns.rows is None or weight.const_value is None:
            return self.writer.copy(node, [columns.values[0], weight, *more]).outputs[0]
        array = np.take(weight.const_value.numpy(), columns.rows, axis=axis)
        factor = Constant(lambda: array, weight.const_value.dtype)
        return self.writer.copy(node, [self.join(columns, side), factor, *more]).outputs[0]

    def join(self, columns: _Columns, side: str) -> ir.Value:
        """Return the columns as one matrix `[N, k]`."""
        name = f"{columns.whole.name}__{side}"
        if name not in self.joins:
            matrices = [self.flattened(value) for value in columns.values]
            joined = matrices[0]
            if len(matrices) > 1:
                joined = self.writer.emit(spelling.concat(1), matrices)
            if joined is not columns.values[0]:
                joined.name = name
            self.joins[name] = joined
        return self.joins[name]

    def flattened(self, value: ir.Value) -> ir.Value:
        axes = self.survey.fact(value).axes
        if len(axes) == _MATRIX:
            return value
        width = static(flat(axes[1:])) or 1
        return self.writer.emit(spelling.reshape((-1, width)), [value])


def _name_share(value: ir.Value) -> str:
    return f"{value.name}__item"


def _replace(node: ir.Node, total: ir.Value, nodes: Sequence[ir.Node]) -> None:
    """Put new nodes in a node's place; its result's name, type and shape are the last one's."""
    graph, old = node.graph, node.outputs[0]
    assert graph is not None
    graph.insert_before(node, list(nodes))
    total.type, total.shape = old.type, old.shape
    old.replace_all_uses_with(total, replace_graph_outputs=True)
    graph.remove(node, safe=True)
    total.name, old.name = old.name, None
