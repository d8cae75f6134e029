"""Sequences eliminated: one that is built only to be joined is the join of its tensors.

    ConcatFromSequence(SequenceConstruct(a, b), axis=k)  ->  Concat(a, b, axis=k)

A Concat has column rules, a sequence has none: behind it each side keeps its own columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported
from mari_engine.graph import replace_node
from mari_engine.passes.contract import Copy, Pass, Refusal, match_each


@dataclass(frozen=True, eq=False)
class JoinedSequence:
    """A ConcatFromSequence and the SequenceConstruct that it reads."""

    join: ir.Node
    sequence: ir.Node

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The join; the sequence is dead afterwards unless others read it."""
        return (self.join,)


def find_joined_sequences(graph: ir.Graph, survey: Survey) -> Iterator[JoinedSequence | Refusal]:
    """Yield each sequence that is built from tensors and joined along an axis of theirs."""
    return match_each((node for node in graph if node.op_type == "ConcatFromSequence"), _match)


def _match(node: ir.Node) -> JoinedSequence:
    if node.attributes.get_int("new_axis", 0) != 0:
        raise Unsupported("it stacks its tensors along a new axis")
    made = node.inputs[0].producer() if node.inputs[0] is not None else None
    if made is None or made.op_type != "SequenceConstruct":
        raise Unsupported("its sequence is not built from single tensors")
    return JoinedSequence(node, made)


def write_concat(found: JoinedSequence, copy: Copy) -> None:
    """Put one Concat in the place of the join."""
    node = copy.node(found.join)
    axis = {"axis": node.attributes.get_int("axis")}
    replace_node(node, ir.node("Concat", copy.node(found.sequence).inputs, axis, name=node.name))


SEQUENCE_TO_CONCAT = Pass("sequence to concat", find_joined_sequences, write_concat)
