"""Block-triangular attention, written as one attention for each block of rows.

    A = weights(Q K^T, mask) V  ->  Concat(weights(Q1 K1^T, mask11) V1,  weights(Q2 K^T, mask2) V)

Q1, K1, V1 are the rows before the cut, Q2 those from it on; mask11 has the rows and the columns
before the cut, mask2 the rows from it on. With `cut` rows the first product is
`[cut, D] x [D, cut]`: the request's alone where the candidates' rows come last.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import onnx_ir as ir

from mari_engine.graph import STANDS_FOR, list_numbers, replace_by_nodes, stands_for
from mari_engine.passes.contract import Copy, Pass
from mari_engine.passes.masked_attention.matching import MaskedAttention, find_masked_attention


@dataclass(frozen=True)
class _Block:
    """Half-open rows, and how many columns they see."""

    name: str
    start: int
    stop: int
    columns: int


def write_row_blocks(found: MaskedAttention, copy: Copy) -> None:
    """Put an attention for the rows before the cut and one for the others in the place of one."""
    attention = replace(
        found,
        scores=copy.node(found.scores),
        between=tuple(copy.node(node) for node in found.between),
        total=copy.node(found.total),
    )
    node, extent = attention.total, attention.extent
    blocks = (
        _Block("first", 0, attention.cut, attention.cut),
        _Block("last", attention.cut, extent, extent),
    )
    writers = [_Writer(attention, copy.model, block) for block in blocks]
    totals = [writer.write() for writer in writers]
    assert node.graph is not None
    node.graph.insert_before(node, [each for writer in writers for each in writer.nodes])
    axis = {"axis": len(node.outputs[0].shape or ()) - 2}
    replace_by_nodes(node, [ir.node("Concat", totals, axis, name=f"{node.name}/rows")])


@dataclass(eq=False)
class _Writer:
    """Writes the attention of one block of rows."""

    attention: MaskedAttention
    model: ir.Model
    block: _Block
    nodes: list[ir.Node] = field(default_factory=list)
    made: dict[ir.Value, ir.Value] = field(default_factory=dict)
    """What the block has in the place of a value of the whole attention."""

    def write(self) -> ir.Value:
        scores, total = self.attention.scores, self.attention.total
        left, right = scores.inputs
        assert left is not None
        assert right is not None
        self.copy(scores, [self.rows(left), self.columns(right)])
        for node in self.attention.between:
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
        new.metadata_props[STANDS_FOR] = stands_for(origin)
        new.outputs[0].name = f"{new.name}:0"
        self.nodes.append(new)

    def block_of(self, value: ir.Value) -> ir.Value:
        """Return the block's part of an operand `[L, L]`: made already, or cut from the whole."""
        return self.made[value] if value in self.made else self.columns(self.rows(value))

    def rows(self, value: ir.Value) -> ir.Value:
        return self.cut(value, -2, self.block.start, self.block.stop)

    def columns(self, value: ir.Value) -> ir.Value:
        return self.cut(value, -1, 0, self.block.columns)

    def seen(self, value: ir.Value) -> ir.Value:
        """Return the rows of V, `[L, D]`, that the block's columns stand for."""
        return self.cut(value, -2, 0, self.block.columns)

    def cut(self, value: ir.Value, axis: int, start: int, stop: int) -> ir.Value:
        """Return `start` to `stop` of an axis of L; a value whose axis is not L, as it is."""
        shape = value.shape
        whole = shape is None or len(shape) < -axis or shape[axis] != self.attention.extent
        if whole or stop - start == self.attention.extent or shape is None:
            return value
        bounds = [self.listed(number) for number in (start, stop, len(shape) + axis)]
        name = f"{self.attention.total.name}/{self.block.name}/Slice_{len(self.nodes)}"
        new = ir.node("Slice", [value, *bounds], name=name)
        self.add(new, self.attention.total)
        new.outputs[0].type = value.type
        sizes = list(shape)
        sizes[axis] = stop - start
        new.outputs[0].shape = ir.Shape(sizes)
        return new.outputs[0]

    def listed(self, number: int) -> ir.Value:
        name = f"{self.attention.total.name}/{self.block.name}/bound_{number}"
        held = self.model.graph.initializers.get(name)
        if held is not None:
            return held
        return list_numbers(self.model, name, [number])


MASKED_ATTENTION = Pass("masked attention", find_masked_attention, write_row_blocks)
