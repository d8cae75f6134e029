"""Operands of one element made scalars, `[1] -> []`, where ONNX asks for scalars.

A runtime takes `[1]` there as long as it does not know the shape. Once a conditional was resolved
and the shape is known, it refuses to load the same graph.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.ops import Trait, has_trait, spelling


def make_scalar(model: ir.Model) -> bool:
    """Put a reshape before each such operand, in place; return whether there was any."""
    found = [
        (node, at)
        for node in model.graph
        if has_trait(node, Trait.TAKES_SCALARS)
        for at, value in enumerate(node.inputs)
        if value is not None and value.shape is not None and list(value.shape) == [1]
    ]
    for node, at in found:
        _reshape(model.graph, node, at)
    return bool(found)


def _reshape(graph: ir.Graph, node: ir.Node, at: int) -> None:
    value = node.inputs[at]
    assert value is not None
    name = f"{node.name}_scalar_{at}"
    shape = ir.Value(
        name=f"{name}_shape",
        const_value=ir.Tensor(np.zeros(0, np.int64), name=f"{name}_shape"),
        type=ir.TensorType(ir.DataType.INT64),
        shape=ir.Shape([0]),
    )
    graph.register_initializer(shape)
    spelled = spelling.reshape()
    made = ir.node(spelled.op, [value, shape], spelled.attributes, name=name)
    result = made.outputs[0]
    result.name, result.type, result.shape = name, value.type, ir.Shape([])
    graph.insert_before(node, made)
    node.replace_input_with(at, result)
