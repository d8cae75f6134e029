"""Instrumented runs: intermediate values of a model, exposed as outputs of a session."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import onnx_ir as ir

from mari_engine.graph import Model, list_bodies
from mari_engine.runtime import is_readable, open_exposed
from mari_engine.types import Feeds

_UNKNOWN = 32
"""Assumed for an extent that shape inference leaves open, to divide values into groups."""


class Exposed:
    """A session whose outputs are chosen values of the model, every node as it is."""

    def __init__(self, model: Model, names: Sequence[str]) -> None:
        """Raise ExecutionError when the runtime refuses the model."""
        self.names = tuple(names)
        self._session = open_exposed(model, set(names))

    def run(self, feeds: Feeds) -> Feeds:
        """Return the chosen values by name; raises ExecutionError when the run fails."""
        results = self._session.run(feeds)
        return {name: results[name] if name in results else feeds[name] for name in self.names}


def readable_values(graph: ir.Graph) -> list[ir.Value]:
    """Return a graph's inputs and its nodes' results, as far as a run can hand them out."""
    found = [*graph.inputs, *(value for node in graph for value in node.outputs if value.name)]
    return [value for value in found if _is_readable(value)]


def reached_values(graph: ir.Graph) -> frozenset[ir.Value]:
    """Return the values of the main graph that some input reaches: all others are constants."""
    found = set(graph.inputs)
    for node in graph:
        if any(value in found for value in node.inputs) or list_bodies(node):
            found.update(node.outputs)
    return frozenset(found)


def groups(
    values: Sequence[ir.Value], *, candidates: int, budget: int
) -> Iterator[tuple[ir.Value, ...]]:
    """Yield the values in groups of about `budget` bytes when a request has so many candidates."""
    group, filled = list[ir.Value](), 0
    for value in values:
        size = expected_bytes(value, candidates)
        if group and filled + size > budget:
            yield tuple(group)
            group, filled = [], 0
        group.append(value)
        filled += size
    if group:
        yield tuple(group)


def expected_bytes(value: ir.Value, candidates: int) -> int:
    """Return about how many bytes a value takes, by its inferred shape."""
    if value.shape is None:
        return 4 * _UNKNOWN * candidates
    extents = [extent if isinstance(extent, int) else _UNKNOWN for extent in value.shape]
    free = any(not isinstance(extent, int) for extent in value.shape)
    return 4 * math.prod(extents) * max(1, candidates // _UNKNOWN if free else 1)


def _is_readable(value: ir.Value) -> bool:
    tensor = value.type is None or isinstance(value.type, ir.TensorType)
    return tensor and is_readable(value)
