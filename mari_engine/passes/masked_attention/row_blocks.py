"""Writes an attention by blocks of rows: those that see less are an attention of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import STANDS_FOR, Model, list_numbers
from mari_engine.passes.contract import _rewritten
from mari_engine.passes.masked_attention.matching import Masked, find_masked


@dataclass(frozen=True)
class _Block:
    """Half-open rows, and how many columns they see."""

    name: str
    start: int
    stop: int
    columns: int


def part_rows(masked: Masked, model: ir.Model) -> None:
    """Put an attention for the first rows and one for the others in the place of one for all.

    Takes an attention of this very model, which is changed. Nodes that nothing reads any more are
    left for a pass that removes them.
    """
    node, extent = masked.total, masked.extent
    blocks = (
        _Block("first", 0, masked.at, masked.at),
        _Block("last", masked.at, extent, extent),
    )
    writers = [_Writer(masked, model, block) for block in blocks]
    totals = [writer.write() for writer in writers]
    rank = len(node.outputs[0].shape or ())
    joined = ir.node("Concat", totals, {"axis": rank - 2}, name=f"{node.name}/rows")
    joined.metadata_props.update(node.metadata_props)
    joined.metadata_props[STANDS_FOR] = node.name or ""
    old, new = node.outputs[0], joined.outputs[0]
    new.type, new.shape = old.type, old.shape
    assert node.graph is not None
    node.graph.insert_before(node, [*(each for w in writers for each in w.nodes), joined])
    old.replace_all_uses_with(new, replace_graph_outputs=True)
    new.name, old.name = old.name, f"{old.name}/was"


@dataclass(eq=False)
class _Writer:
    masked: Masked
    model: ir.Model
    block: _Block
    nodes: list[ir.Node] = field(default_factory=list)
    made: dict[ir.Value, ir.Value] = field(default_factory=dict)

    def write(self) -> ir.Value:
        scores, total = self.masked.scores, self.masked.total
        left, right = scores.inputs
        assert left is not None
        assert right is not None
        self.copy(scores, [self.rows(left), self.columns(right)])
        for node in self.masked.between:
            self.copy(node, [None if each is None else self.block_of(each) for each in node.inputs])
        weights, values = total.inputs
        assert weights is not None
        assert values is not None
        return self.copy(total, [self.made[weights], self.seen(values)])

    def copy(self, node: ir.Node, inputs: list[ir.Value | None]) -> ir.Value:
        name = f"{node.name}/{self.block.name}"
        new = ir.node(node.op_type, inputs, node.attributes, domain=node.domain, name=name)
        self.add(new, node)
        old = node.outputs[0]
        new.outputs[0].type = old.type
        self.made[old] = new.outputs[0]
        return new.outputs[0]

    def add(self, new: ir.Node, origin: ir.Node) -> None:
        new.metadata_props.update(origin.metadata_props)
        new.metadata_props[STANDS_FOR] = origin.name or ""
        new.outputs[0].name = f"{new.name}:0"
        self.nodes.append(new)

    def block_of(self, value: ir.Value) -> ir.Value:
        """Return what a node between reads: what was made of it, or these rows and columns."""
        return self.made[value] if value in self.made else self.columns(self.rows(value))

    def rows(self, value: ir.Value) -> ir.Value:
        return self.cut(value, -2, self.block.start, self.block.stop)

    def columns(self, value: ir.Value) -> ir.Value:
        return self.cut(value, -1, 0, self.block.columns)

    def seen(self, value: ir.Value) -> ir.Value:
        """Return the rows of the summed values that the block's columns stand for."""
        return self.cut(value, -2, 0, self.block.columns)

    def cut(self, value: ir.Value, axis: int, start: int, stop: int) -> ir.Value:
        """Return a part of an axis of the scores' extent; what is alike along it as it is."""
        shape = value.shape
        whole = shape is None or len(shape) < -axis or shape[axis] != self.masked.extent
        if whole or stop - start == self.masked.extent or shape is None:
            return value
        bounds = [self.listed(number) for number in (start, stop, len(shape) + axis)]
        name = f"{self.masked.total.name}/{self.block.name}/Slice_{len(self.nodes)}"
        new = ir.node("Slice", [value, *bounds], name=name)
        self.add(new, self.masked.total)
        new.outputs[0].type = value.type
        sizes = list(shape)
        sizes[axis] = stop - start
        new.outputs[0].shape = ir.Shape(sizes)
        return new.outputs[0]

    def listed(self, number: int) -> ir.Value:
        name = f"{self.masked.total.name}/{self.block.name}/bound_{number}"
        held = self.model.graph.initializers.get(name)
        if held is not None:
            return held
        return list_numbers(self.model, name, [number])


def in_row_blocks(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write attentions apart for the rows that their mask keeps from the last columns."""
    found = [
        masked
        for masked in find_masked(model.ir.graph, survey)
        if not any(node.name in keep for node in masked.nodes)
    ]
    return _rewritten(
        model, survey, found, lambda each, twins, copy: part_rows(each.in_copy(twins), copy)
    )
