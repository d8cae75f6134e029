"""The parts as models of their own: extracted from a graph by what they take and give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.axes import CANDIDATES, Axes, static
from mari_engine.graph import all_inputs, digest_content, set_aside_defaults
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import NodeWriter, RuntimeExtents
from mari_engine.serving.offload.cut_graph import CutGraph
from mari_engine.serving.offload.joined_rows import Handed, hand_over, take_apart
from mari_engine.types import PartKind

_HALVED = (ir.DataType.FLOAT, ir.DataType.DOUBLE)


@dataclass(frozen=True, eq=False)
class Extracted:
    """The parts that there are, and what hands their outputs over."""

    models: Mapping[PartKind, ir.Model]
    hashes: Mapping[PartKind, str]
    """Of what a part computes; none for the online part."""


def extract_parts(
    model: ir.Model, found: CutGraph, given: Mapping[PartKind, Sequence[str]], *, half: bool
) -> Extracted:
    """Return the parts that give these values, and the online part that takes them.

    An output is named by its part, its place, and the first digits of the hash of what the part
    computes: `item_h0__3fa9c1d2`. So an online model takes no value of another one. The item part
    has one output for each type, in which all values of that type lie side by side. With `half`
    its floating-point values are handed over as float16.
    """
    models, hashes = dict[PartKind, ir.Model](), dict[PartKind, str]()
    taken = list[Handed]()
    for kind, names in given.items():
        order = [v.name for node in model.graph for v in node.outputs if v.name in set(names)]
        part = _Part(model.clone(), found)
        is_item = kind == PartKind.ITEM
        handed = part.give([name or "" for name in order], half=half and is_item, join=is_item)
        models[kind] = part.close()
        hashes[kind] = digest_content(models[kind])
        for at, each in enumerate(handed):
            each.output.name = f"{kind}_h{at}__{hashes[kind][:8]}"
        taken += handed
    online = _Part(model.clone(), found)
    for each in taken:
        online.take(each)
    models[PartKind.ONLINE] = online.close()
    return Extracted(models, hashes)


class _Part:
    """A clone of the graph that is being reduced to one part."""

    def __init__(self, model: ir.Model, found: CutGraph) -> None:
        self.model, self.graph, self.sides = model, model.graph, found.sides
        self.values = {value.name: value for node in self.graph for value in node.outputs}
        self.axes: dict[str | None, Axes] = {
            value.name: fact.axes for value, fact in found.survey.values.items() if fact is not None
        }
        self.writer = NodeWriter(opset=model.opset_imports[""])
        self.writer.avoid(self.graph)

    def give(self, names: Sequence[str], *, half: bool, join: bool) -> list[Handed]:
        """Make these values the outputs, and no others; with `join` those of one type are one."""
        values = [self.rounded(name) if half else self.values[name] for name in names]
        for name, value in zip(names, values, strict=True):
            value.shape = self.shape(name)
        handed = hand_over(names, values, self.writer, join=join)
        self.graph.outputs.clear()
        self.graph.outputs.extend(each.output for each in handed)
        self.graph.extend(self.writer.nodes)
        self.register_constants()
        return handed

    def rounded(self, name: str) -> ir.Value:
        """Return a value as float16, if it holds fractions of more digits."""
        value = self.values[name]
        if value.dtype not in _HALVED:
            return value
        value = self.writer.emit(spelling.cast(int(ir.DataType.FLOAT16)), [value])
        value.type = ir.TensorType(ir.DataType.FLOAT16)
        return value

    def take(self, handed: Handed) -> None:
        """Read the values that lie in an output of another part from a new input."""
        output = handed.output
        given = ir.Value(name=output.name, type=output.type, shape=output.shape)
        self.graph.inputs.append(given)
        self.axes[given.name] = self.axes[handed.names[0]]
        self.writer.nodes = []
        for name, found in zip(handed.names, take_apart(handed, given, self.writer), strict=True):
            self.replace(name, found, given)
        self.put_first(self.writer.nodes)

    def replace(self, name: str, found: ir.Value, given: ir.Value) -> None:
        """Put what an input `given` holds of a value in the place of it."""
        value, result = self.values[name], found
        if found.dtype != value.dtype and value.dtype is not None:
            result = self.writer.emit(spelling.cast(int(value.dtype)), [found])
        if value.is_graph_output() and result is given:
            result = self.writer.emit(spelling.identity(), [given])
        result.type, result.shape = result.type or value.type, result.shape or value.shape
        value.replace_all_uses_with(result, replace_graph_outputs=True)
        if any(output is result for output in self.graph.outputs):
            value.name, result.name = f"{name}/was", name

    def close(self) -> ir.Model:
        """Return the model without what its outputs do not need."""
        set_aside_defaults(self.graph)
        self.read_counts_anew()
        passes.RemoveUnusedNodesPass()(self.model)
        for value in list(self.graph.inputs):
            if not value.uses():
                self.graph.inputs.remove(value)
        return self.model

    def read_counts_anew(self) -> None:
        """Read the number of candidates off an input that stays, wherever it was read off."""
        counts = {value.name: content for value, content in self.sides.counts.items()}
        own = [node for node in self.graph if not any(v.name in counts for v in node.outputs)]
        kept = _needed(own, self.graph.outputs)
        read = {v for node in kept for v in all_inputs(node) if v.name in counts}
        if not read:
            return
        self.writer.nodes = []
        extents = RuntimeExtents(self.writer)
        used = {value for node in kept for value in all_inputs(node)}
        for value in self.graph.inputs:
            for at, axis in enumerate(self.axes.get(value.name, ())):
                if axis == (CANDIDATES,) and value in used:
                    extents.register(CANDIDATES, value, at)
        for value in sorted(read, key=lambda each: each.name or ""):
            dtype = value.dtype or ir.DataType.INT64
            value.replace_all_uses_with(extents.tensor(counts[value.name], dtype))
        self.put_first(self.writer.nodes)

    def put_first(self, nodes: Sequence[ir.Node]) -> None:
        if nodes:
            self.graph.insert_before(self.graph[0], list(nodes))
        self.register_constants()

    def register_constants(self) -> None:
        for value in self.writer.initializers.values():
            if value.name not in self.graph.initializers:
                self.graph.register_initializer(value)

    def shape(self, name: str) -> ir.Shape | None:
        """Return a value's shape: the candidates as N, other extents where they are known."""
        axes = self.axes.get(name)
        if axes is None:
            return self.values[name].shape
        return ir.Shape([CANDIDATES if axis == (CANDIDATES,) else static(axis) for axis in axes])


def _needed(nodes: Sequence[ir.Node], outputs: Sequence[ir.Value]) -> list[ir.Node]:
    """Return the nodes among these that the outputs need."""
    wanted, kept = set(outputs), list[ir.Node]()
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.outputs):
            kept.append(node)
            wanted.update(all_inputs(node))
    return kept
