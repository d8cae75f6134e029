"""Fused ops decomposed: what onnxruntime fused when it saved a model, in standard ops again.

    FusedGemm(x, W, b, activation=Relu)      ->  Relu(Gemm(x, W, b))
    FusedMatMul(x, W, transB=1, alpha=a)     ->  Mul(MatMul(x, Transpose(W)), a)
    SkipLayerNormalization(x, s, gamma, b)   ->  LayerNormalization(Add(x, s), gamma, b)
    Attention(Q, K, V)                       ->  MatMul(Softmax(Mul(MatMul(Q, K^T), c)), V)

The rules of `ops` and the passes that follow know standard ops only. The decompositions
themselves stand in `ops.decompositions`, beside the page of each op.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import static
from mari_engine.ops import Fact, decompose, list_fused
from mari_engine.passes.contract import Copy, Pass


@dataclass(frozen=True, eq=False)
class FusedNode:
    """A node that stands for several standard ones."""

    node: ir.Node
    operands: tuple[Fact | None, ...]
    """What is known of each of its operands."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The node itself."""
        return (self.node,)


def find_fused(graph: ir.Graph, survey: Survey) -> Iterator[FusedNode]:
    """Yield the fused nodes of a graph."""
    for node in list_fused(graph):
        facts = (None if value is None else survey.values.get(value) for value in node.inputs)
        yield FusedNode(node, tuple(facts))


def write_standard_ops(fused: FusedNode, copy: Copy) -> None:
    """Put the standard ops in the node's place; Unsupported, say, for operands of unknown rank."""
    node = copy.node(fused.node)
    for value, fact in zip(node.inputs, fused.operands, strict=True):
        if value is None or value.shape is not None or fact is None or fact.dtype is None:
            continue
        value.shape = ir.Shape([static(axis) for axis in fact.axes])  # ONNX does not know it
        value.type = value.type or ir.TensorType(fact.dtype)
    decompose(node, copy.model, fused.operands)


DECOMPOSE_FUSED = Pass("decompose fused ops", find_fused, write_standard_ops, repeats=True)
"""One op's decomposition may give another the rank that it asks for."""
