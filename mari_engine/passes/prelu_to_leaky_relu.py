"""PRelu of a single slope, under the name by which runtimes join it to the product before it.

https://onnx.ai/onnx/operators/onnx__PRelu.html and https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
are one function then. PyTorch exports `nn.PReLU()` so.
"""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import Model, become, constant_array
from mari_engine.passes.contract import _rewritten


def find_leaks(graph: ir.Graph, survey: Survey, keep: Collection[str]) -> list[ir.Node]:
    """Return the float32 PRelu nodes of one slope, without those whose name is in `keep`."""
    return [
        node
        for node in graph
        if node.op_type == "PRelu"
        and node in survey.specs
        and node.name not in keep
        and node.outputs[0].dtype == ir.DataType.FLOAT
        and (slope := constant_array(node.inputs[1])) is not None
        and slope.size == 1
    ]


def rename_leak(node: ir.Node) -> None:
    """Make a PRelu of one slope a LeakyRelu: its value keeps its name, and the node its own."""
    slope = constant_array(node.inputs[1])
    assert slope is not None
    alpha = {"alpha": float(slope.ravel()[0])}
    become(node, ir.node("LeakyRelu", [node.inputs[0]], alpha, name=node.name))


def _without_leaks(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write a PRelu of one slope as the LeakyRelu that it is."""
    found = find_leaks(model.ir.graph, survey, keep)
    return _rewritten(model, survey, found, lambda node, twins, copy: rename_leak(twins[node]))
