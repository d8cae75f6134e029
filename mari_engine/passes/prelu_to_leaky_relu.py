"""PRelu of one slope as LeakyRelu, which runtimes fuse with the product before it.

    PRelu(x, slope)  ->  LeakyRelu(x, alpha=slope)    where slope has one element

Both are max(0, x) + slope min(0, x): https://onnx.ai/onnx/operators/onnx__PRelu.html and
https://onnx.ai/onnx/operators/onnx__LeakyRelu.html. PyTorch exports `nn.PReLU()` so. `alpha` is a
float32 attribute, so other precisions stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported
from mari_engine.graph import constant_array, replace_node
from mari_engine.passes.contract import Copy, Pass, Refusal, match_each


@dataclass(frozen=True, eq=False)
class SingleSlope:
    """A PRelu whose slope is one constant."""

    node: ir.Node
    slope: float

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The PRelu."""
        return (self.node,)


def find_single_slopes(graph: ir.Graph, survey: Survey) -> Iterator[SingleSlope | Refusal]:
    """Yield the float32 PRelu nodes of one slope."""
    nodes = (node for node in graph if node.op_type == "PRelu")
    return match_each(nodes, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> SingleSlope:
    if node not in survey.specs:
        raise Unsupported(survey.unknown.get(node, "its shapes are unknown"))
    if node.outputs[0].dtype != ir.DataType.FLOAT:
        raise Unsupported("it is not of float32, as the attribute of LeakyRelu is")
    slope = constant_array(node.inputs[1])
    if slope is None or slope.size != 1:
        raise Unsupported("its slope is not one constant")
    return SingleSlope(node, float(slope.ravel()[0]))


def write_leaky_relu(found: SingleSlope, copy: Copy) -> None:
    """Put a LeakyRelu of the same name in the place of the PRelu."""
    node = copy.node(found.node)
    alpha = {"alpha": found.slope}
    replace_node(node, ir.node("LeakyRelu", [node.inputs[0]], alpha, name=node.name))


PRELU_TO_LEAKY_RELU = Pass("prelu to leaky relu", find_single_slopes, write_leaky_relu)
