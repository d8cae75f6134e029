"""A batched model as Triton's ragged batches feed it: candidates as one list of elements.

    x [N * K]      -> [N, K]
    counts [R]     -> how many candidates each request has

Triton joins what requests bring without padding, as elements without axes, and counts the elements
of each, as int32.
"""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.ops import Spelling, spelling
from mari_engine.types import InputBinding, Interface, RequestIndex

COUNTS = "request_elements"


def counted_input(interface: Interface) -> InputBinding:
    """Return the candidate-side input whose elements are counted: one of the fewest."""
    own = [item for item in interface.inputs if item.rows == "candidate"]
    return min(own, key=lambda item: (len(item.shape), width_of(item)))


def width_of(item: InputBinding) -> int:
    """Return the elements of one candidate; raises ModelError where they are not known."""
    width = 1
    for extent in item.shape[1:]:
        if not isinstance(extent, int):
            raise ModelError(
                f"input {item.name!r} holds {extent!r} numbers a candidate, and Triton's ragged "
                "batches need a fixed number; export it with one"
            )
        width *= extent
    return width


def flatten_inputs(model: ir.Model, interface: Interface) -> None:
    """Let a batched model take candidates as lists of elements, and their counts, in place.

    Raises ModelError for a model that takes the number of each candidate's request.
    """
    if interface.index != RequestIndex.LENGTHS:
        raise ModelError(
            "Triton counts the candidates of each request; optimize with --signature batched "
            "--index lengths"
        )
    writer, graph = _Writer(model.graph), model.graph
    by_name = {value.name: value for value in graph.inputs}
    for item in interface.inputs:
        value = by_name[item.name]
        if item.rows == "candidate":
            width_of(item)
            rows = [-1, *(int(extent) for extent in item.shape[1:])]
            made = writer.emit(spelling.reshape(rows), [value])
            value.replace_all_uses_with(made)
            made.producer().replace_input_with(0, value)  # type: ignore[union-attr]
            value.shape = ir.Shape([None])
        elif item.index is not None:
            counts = ir.Value(name=COUNTS, type=ir.TensorType(ir.DataType.INT32), shape=value.shape)
            graph.inputs[graph.inputs.index(value)] = counts
            whole = writer.emit(spelling.cast(int(ir.DataType.INT64)), [counts])
            width = writer.integers([width_of(counted_input(interface))])
            value.replace_all_uses_with(writer.emit(spelling.divide(), [whole, width]))
    writer.close()


class _Writer:
    """Writes nodes in front of a graph."""

    def __init__(self, graph: ir.Graph) -> None:
        self._graph, self._nodes = graph, list[ir.Node]()

    def emit(self, spelled: Spelling, inputs: list[ir.Value]) -> ir.Value:
        lists = [self.integers(list(numbers)) for numbers in spelled.lists]
        name = f"triton/{spelled.op}_{len(self._nodes)}"
        node = ir.node(spelled.op, [*inputs, *lists], dict(spelled.attributes), name=name)
        node.outputs[0].name = f"{name}:0"
        self._nodes.append(node)
        return node.outputs[0]

    def integers(self, numbers: list[int]) -> ir.Value:
        name = f"triton/constant_{len(self._graph.initializers)}"
        tensor = ir.tensor(numbers, dtype=ir.DataType.INT64, name=name)
        value = ir.Value(
            name=name,
            const_value=tensor,
            shape=ir.Shape([len(numbers)]),
            type=ir.TensorType(ir.DataType.INT64),
        )
        self._graph.register_initializer(value)
        return value

    def close(self) -> None:
        """Put the nodes in front of all others."""
        self._graph.insert_before(self._graph[0], self._nodes)
