"""EmbeddingBag loops written as one lookup and one reduction.

    Loop over bags: ReduceSum(Gather(table, ids[offsets[i]:offsets[i + 1]]))
        ->  ReduceSum(Gather(table, Reshape(ids, [-1, step])), axes=[1])

    ids [count * step] -> [count, step], Gather -> [count, step, D], reduced -> [count, D]

Where a bag keeps some of its rows only, the others are 0 to a sum, and -inf or inf to a maximum or
a minimum; a mean is the sum divided by the number of those that are kept.

A Loop is opaque to the column rules, so nothing behind it would be split; and it runs one small
reduction a candidate.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from mari_engine.ops import DecompositionWriter
from mari_engine.passes.contract import Copy, Pass
from mari_engine.passes.embedding_bags.abstract_values import BagLoop
from mari_engine.passes.embedding_bags.kept_places import KeptPlaces, write_test
from mari_engine.passes.embedding_bags.matching import find_bag_loops

_HIDDEN = {"ReduceSum": 0.0, "ReduceMean": 0.0, "ReduceMax": -math.inf, "ReduceMin": math.inf}
"""What a row that is not kept is to a reduction."""


def write_reduction(bags: BagLoop, copy: Copy) -> None:
    """Put a Reshape, the lookup and a reduction in the place of a loop."""
    old = copy.value(bags.result)
    node = old.producer()
    assert node is not None
    assert node.graph is not None
    writer = _BagWriter(bags, copy)
    result = writer.write()
    first = writer.out.nodes[0]
    first.name = f"{first.name}/{first.op_type}"  # the loop's own name tells what the loop costs
    node.graph.insert_before(node, writer.out.nodes)
    result.type = bags.result.type
    output, stem = old.is_graph_output(), bags.loop.name or "bags"
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    result.name, old.name = old.name, f"{stem}/was" if output else f"{old.name}/was"


class _BagWriter:
    """Writes the nodes that stand for one loop."""

    def __init__(self, bags: BagLoop, copy: Copy) -> None:
        self.bags = bags
        self.copy = copy
        self.out = DecompositionWriter(copy.node(bags.loop), copy.model)

    def write(self) -> ir.Value:
        rows = self.bags.rows
        found = self.side_by_side(self.copy.value(rows.source), self.bags.inner)
        if rows.table is not None:
            found = self.out.emit("Gather", self.copy.value(rows.table), found)
        if rows.kept is None:
            return self.reduce(self.bags.op, found)
        like = rows.table or rows.source
        return self.reduce_kept(found, like, self.test(rows.kept, like))

    def side_by_side(self, value: ir.Value, inner: tuple[int, ...]) -> ir.Value:
        """Return `[count * step, ...]` as `[count, step, ...]`."""
        shape = [-1, self.bags.rows.step, *inner]
        return self.out.emit("Reshape", value, self.out.integers(*shape))

    def test(self, kept: KeptPlaces, like: ir.Value) -> ir.Value:
        """Return which rows are kept, `[count, step, 1, ...]`."""
        nodes = write_test(kept, self.copy.value(kept.ids), self.copy.value)
        self.out.take(nodes)
        fact = like.shape
        rank = len(fact) - 1 if fact is not None else len(self.bags.inner)
        return self.side_by_side(nodes[-1].outputs[0], (1,) * rank)

    def reduce_kept(self, rows: ir.Value, like: ir.Value, test: ir.Value) -> ir.Value:
        """Return the reduction of the rows where the test is true."""
        out, op = self.out, self.bags.op
        none = out.number(_HIDDEN[op], like)
        shown = out.emit("Where", test, rows, none)
        count = self.reduce("ReduceSum", out.emit("Cast", test, to=int(like.dtype or 1)))
        if op in ("ReduceSum", "ReduceMean"):
            total = self.reduce("ReduceSum", shown)
            if op == "ReduceSum":
                return total
            least = out.emit("Max", count, out.number(1, like)) if self.bags.zero else count
            return out.emit("Div", total, least)
        empty = out.emit("Equal", count, out.number(0, like))
        return out.emit("Where", empty, out.number(0, like), self.reduce(op, shown))

    def reduce(self, op: str, rows: ir.Value) -> ir.Value:
        """Return `[count, step, ...]` reduced to `[count, ...]`."""
        if self.copy.model.graph.opset_imports[""] >= (13 if op == "ReduceSum" else 18):
            return self.out.emit(op, rows, self.out.integers(1), keepdims=0)
        return self.out.emit(op, rows, axes=[1], keepdims=0)


EMBEDDING_BAGS = Pass("embedding bags", find_bag_loops, write_reduction)
