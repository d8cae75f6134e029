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
    computes: `item_h0__3fa9c1d2`. So an online model takes no value of another one. With `half`
    floating-point values of the item part are handed over as float16.
    """
    models, hashes = dict[PartKind, ir.Model](), dict[PartKind, str]()
    taken = dict[str, ir.Value]()
    for kind, names in given.items():
        order = [v.name for node in model.graph for v in node.outputs if v.name in set(names)]
        part = _Part(model.clone(), found)
        halved = half and kind == PartKind.ITEM
        part.give([name for name in order if name is not None], half=halved)
        made = part.close()
        hashes[kind] = digest_content(made)
        for at, (name, value) in enumerate(zip(order, made.graph.outputs, strict=True)):
            value.name = f"{kind}_h{at}__{hashes[kind][:8]}"
            taken[name or ""] = value
        models[kind] = made
    online = _Part(model.clone(), found)
    online.take(taken)
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

    def give(self, names: Sequence[str], *, half: bool) -> None:
        """Make these values the outputs, and no others."""
        self.graph.outputs.clear()
        for name in names:
            value = self.values[name]
            dtype, shape = value.dtype, self.shape(name)
            if half and dtype in _HALVED:
                dtype = ir.DataType.FLOAT16
                value = self.writer.emit(spelling.cast(int(dtype)), [value])
            value.type = None if dtype is None else ir.TensorType(dtype)
            value.shape = shape
            self.graph.outputs.append(value)
        self.graph.extend(self.writer.nodes)

    def take(self, handed: Mapping[str, ir.Value]) -> None:
        """Read these values from new inputs: what another part's outputs hold."""
        for name, output in handed.items():
            value, given = (
                self.values[name],
                ir.Value(name=output.name, type=output.type, shape=output.shape),
            )
            self.graph.inputs.append(given)
            self.axes[given.name] = self.axes[name]
            self.writer.nodes = []
            result = given
            if output.dtype != value.dtype and value.dtype is not None:
                result = self.writer.emit(spelling.cast(int(value.dtype)), [given])
            if value.is_graph_output() and result is given:
                result = self.writer.emit(spelling.identity(), [given])
            result.type, result.shape = result.type or value.type, result.shape or value.shape
            value.replace_all_uses_with(result, replace_graph_outputs=True)
            if any(output is result for output in self.graph.outputs):
                value.name, result.name = f"{name}/was", name
            self.put_first(self.writer.nodes)

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
