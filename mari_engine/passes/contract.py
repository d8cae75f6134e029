"""The contract of a pass: what it finds, why a place stays as it is, and what it writes.

A pass rewrites an ONNX graph into one that computes the same. It has two halves. `find` reads a
graph and its survey, and yields a match for each place that may be rewritten and a refusal, with
the reason, for each that may not. `write` puts the replacement of one match into a copy. The
manager (`pass_manager`) does all the rest: it clones the graph, removes dead nodes, infers shapes,
surveys the result, and drops the matches of nodes that are to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported

STANDARD = ("", "ai.onnx")
"""The names of the domain of ONNX's own operators."""


class Match(Protocol):
    """A place of a graph that a pass may rewrite."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The nodes that are replaced, at least one, in order.

        The match is refused where one of them is to be kept, under the name of the last.
        """


M = TypeVar("M", bound=Match)


@dataclass(frozen=True)
class Refusal:
    """A place that a pass would rewrite, and the reason why it stays."""

    node: str
    """The name of its last node."""
    reason: str


@dataclass(frozen=True, eq=False)
class Copy:
    """The clone of a graph that matches are written into, with the twin of each node and value.

    Twins are those of the clone as it was made: what one match replaces there is still found.
    """

    model: ir.Model
    _nodes: Mapping[ir.Node, ir.Node]
    _values: Mapping[ir.Value, ir.Value]

    @staticmethod
    def of(original: ir.Model) -> Copy:
        """Return a clone of a model; graphs inside nodes are cloned too, but have no twins."""
        clone = original.clone()
        old, new = original.graph, clone.graph
        nodes = dict(zip(old, new, strict=True))
        values = {value: new.initializers[name] for name, value in old.initializers.items()}
        values |= zip(old.inputs, new.inputs, strict=True)
        for node, twin in nodes.items():
            values |= zip(node.outputs, twin.outputs, strict=True)
        return Copy(clone, nodes, values)

    def node(self, original: ir.Node) -> ir.Node:
        """Return the twin of a node."""
        return self._nodes[original]

    def value(self, original: ir.Value) -> ir.Value:
        """Return the twin of an input, an initializer or a node's output."""
        return self._values[original]


class Obligation(Protocol):
    """A proof obligation: equality that shows only on the survey of what was written."""

    def refusal(self, survey: Survey) -> str | None:
        """Return why the copy may not take the original's place, None once equality is shown."""

    def discharge(self) -> None:
        """Take what only the proof needed out of the copy."""


@dataclass(frozen=True, eq=False)
class Pass(Generic[M]):
    """One rewrite: its name, what it finds, and what it writes.

    `write` may raise Unsupported, having changed nothing, where the reason shows only in writing.
    """

    name: str
    find: Callable[[ir.Graph, Survey], Iterable[M | Refusal]]
    write: Callable[[M, Copy], Obligation | None]
    repeats: bool = False
    """It is run again on what it wrote, until it writes nothing."""


def match_each(
    nodes: Iterable[ir.Node], match: Callable[[ir.Node], M | None]
) -> Iterator[M | Refusal]:
    """Yield the match of each node that has one, and a refusal where `match` raises Unsupported."""
    for node in nodes:
        try:
            found = match(node)
        except Unsupported as reason:
            yield Refusal(node.name or "", str(reason))
            continue
        if found is not None:
            yield found
