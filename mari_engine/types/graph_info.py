"""A graph as names, dtypes and shapes, for viewers: no graph objects and no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mari_engine.types.coloring import Side


@dataclass(frozen=True)
class TensorInfo:
    """A graph input, output or initializer."""

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None
    bytes: int | None = None
    """Size of an initializer; None for inputs and outputs."""


@dataclass(frozen=True)
class GraphNode:
    """A node of a graph, as plain data for viewers."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    """Value names; "" where an optional input is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, str]
    """Attribute texts, shortened when long."""
    scope: str = ""
    """The module path, from metadata or from a name such as /tower/0/MatMul; "" if unknown."""
    sources: tuple[str, ...] = ()
    """In an optimized graph: the original nodes it was made from."""
    side: Side | None = None
    """In an optimized graph: whether it runs once per request or per candidate."""


@dataclass(frozen=True)
class GraphInfo:
    """A whole graph as plain data: what a viewer or a summary card needs."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    initializers: tuple[TensorInfo, ...]
    nodes: tuple[GraphNode, ...]
    opset: int
    ir_version: int
    producer: str
    parameters: int
    bytes: int
    """Size of all initializers."""
    candidate_axis: int | None
    """The inputs' axis that is taken for the candidates; None when no input has a free axis."""
    file_nodes: int | None = None
    """In the main graph of the file, those that read something; None for rewritten models."""
