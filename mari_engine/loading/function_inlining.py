"""Functions that are called very often put in the place of their calls, before the graph is read.

The graph library's own inliner keeps names that are easier to read, but looks for a free one among
all that it gave before: its time grows with the square of the calls of one function.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
import onnx.inliner

from mari_engine.graph import list_proto_bodies

_MANY = 1_000
"""Calls up to which the graph library's own inliner takes a second or two."""


def inline_many(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without functions where these are called very often, else as it is."""
    if not proto.functions or _count_calls(proto) <= _MANY:
        return proto
    return onnx.inliner.inline_local_functions(proto)


def _count_calls(proto: onnx.ModelProto) -> int:
    """Return how many calls are replaced, those inside functions once for each call of these."""
    functions = {(item.domain, item.name): item for item in proto.functions}
    known: dict[tuple[str, str], int] = {}

    def calls_in(nodes: Iterable[onnx.NodeProto]) -> int:
        return sum(map(calls_of, nodes))

    def calls_of(node: onnx.NodeProto) -> int:
        key = (node.domain, node.op_type)
        if key not in functions:
            return sum(calls_in(body.node) for body in list_proto_bodies(node))
        if key not in known:
            known[key] = 1 + calls_in(functions[key].node)
        return known[key]

    return calls_in(proto.graph.node)
