"""What a request gives to its candidates, picked for each of its tiles; see `ragged_rows`.

    f(u [B, K], x [T, n, M])   ->   f(Gather(u, tile_requests) [T, K], x)

The rewriter wrote a graph of as many tiles as requests. All that depends on requests alone is left
as it is, and runs once for each. Where it meets candidates its rows are picked; what has no axis of
requests alone, like their number, is made again of what has one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import REQUESTS, Size
from mari_engine.graph import all_inputs, captured_values, list_bodies, replace_captured
from mari_engine.ops import spelling
from mari_engine.rewriting.boundary.ragged_rows import RaggedRows
from mari_engine.rewriting.emission import NodeWriter, copy_with_captures


def gather_requests(
    graph: ir.Graph,
    survey: Survey,
    batch: RaggedRows,
    requests: Collection[ir.Value],
    reserved: Collection[str],
) -> None:
    """Pick rows of requests for the tiles of their candidates; the graph is changed.

    `requests` are its inputs `[B, ...]`, `reserved` names that new values must not take.
    """
    writer = NodeWriter(opset=graph.opset_imports[""], reserved=reserved)
    writer.avoid(graph)
    assert batch.places is not None
    of_tiles = {*batch.padded.values(), batch.places}  # results are taken from places in tiles
    sides = _Sides(survey, {*requests, batch.count}, of_tiles)
    picking = _Picking(sides, writer, batch)
    for node in list(graph):
        if node in batch.index_nodes:
            continue
        sides.visit(node)
        if sides.meets_candidates(node):
            picking.rewire(node)
            graph.insert_before(node, picking.new_nodes())
    for value in writer.initializers.values():
        graph.register_initializer(value)


@dataclass(eq=False)
class _Sides:
    """Which values have rows of requests, or know their number, and which those of tiles."""

    survey: Survey
    of_requests: set[ir.Value]
    of_tiles: set[ir.Value]

    def visit(self, node: ir.Node) -> None:
        """Note the side of a node's results; one that is the same for any number has none."""
        read = all_inputs(node)
        for side in (self.of_tiles, self.of_requests):
            if not side.isdisjoint(read):
                side.update(value for value in node.outputs if not self.is_alike(value))
                return

    def meets_candidates(self, node: ir.Node) -> bool:
        """Return True for a node with results of tiles."""
        return not self.of_tiles.isdisjoint(node.outputs)

    def is_alike(self, value: ir.Value) -> bool:
        """Return True for elements that are known before the run, whatever the number of rows."""
        fact = self.survey.values.get(value)
        if fact is None or not self.survey.is_static(value):
            return False
        held = [fact.fill] if fact.content is None else fact.content.ravel().tolist()
        rows = any(REQUESTS in axis for axis in fact.axes)
        return not rows and not any(isinstance(s, Size) and REQUESTS in s.symbols for s in held)


@dataclass(eq=False)
class _Picking:
    sides: _Sides
    writer: NodeWriter
    batch: RaggedRows
    picked: dict[ir.Value, ir.Value] = field(default_factory=dict)
    """By value of requests: what stands for it among tiles."""

    def rewire(self, node: ir.Node) -> None:
        """Let a node read rows of tiles in place of those of requests."""
        for at, value in enumerate(node.inputs):
            if value is not None:
                node.replace_input_with(at, self.of_tiles(value))
        captured = {value: self.of_tiles(value) for value in captured_values(node)}
        for body in list_bodies(node):
            replace_captured(body, captured)

    def of_tiles(self, value: ir.Value) -> ir.Value:
        """Return the value with a row for each tile."""
        if value not in self.sides.of_requests:
            return value
        if value not in self.picked:
            self.picked[value] = self.made_for_tiles(value)
        return self.picked[value]

    def made_for_tiles(self, value: ir.Value) -> ir.Value:
        owners, node = self.batch.owners, value.producer()
        fact = self.sides.survey.values.get(value)
        assert owners is not None
        if value is self.batch.count:
            return self._count_of_tiles(owners)
        if fact is not None and (REQUESTS,) in fact.axes:
            with self.writer.on_behalf([node] if node is not None else ()):
                axis = fact.axes.index((REQUESTS,))
                return self.writer.emit(spelling.gather(axis), [value, owners])
        assert node is not None, "an input of requests has an axis of them"
        inputs = [None if v is None else self.of_tiles(v) for v in node.inputs]
        captured = {each: self.of_tiles(each) for each in captured_values(node)}
        copy = copy_with_captures(self.writer, node, inputs, captured)
        self.picked.update(zip(node.outputs, copy.outputs, strict=True))
        return self.picked[value]

    def _count_of_tiles(self, owners: ir.Value) -> ir.Value:
        """Return T, `[1]`, which stands for the number of requests."""
        for node in spelling.extent_along(0, self.writer.opset):
            owners = self.writer.emit(node, [owners])
        return owners

    def new_nodes(self) -> list[ir.Node]:
        """Return the nodes that were written since this was asked last."""
        nodes, self.writer.nodes = self.writer.nodes, []
        return nodes
