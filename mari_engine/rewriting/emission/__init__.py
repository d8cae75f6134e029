"""The new graph being written: tensors, nodes, layout changes, assembly."""

from mari_engine.rewriting.emission.graph_arithmetic import GraphArithmetic
from mari_engine.rewriting.emission.graph_assembly import close_graph, copy_with_captures
from mari_engine.rewriting.emission.graph_builder import GraphBuilder
from mari_engine.rewriting.emission.node_writer import NodeWriter
from mari_engine.rewriting.emission.runtime_extents import RuntimeExtents
from mari_engine.rewriting.emission.tensors import Constant, Tensor

__all__ = [
    "Constant",
    "GraphArithmetic",
    "GraphBuilder",
    "NodeWriter",
    "RuntimeExtents",
    "Tensor",
    "close_graph",
    "copy_with_captures",
]
