"""Provenance in node metadata: which original nodes a node was made of, and its side."""

from __future__ import annotations

import onnx_ir as ir

SOURCE = "mari.source"
"""Of a new node: the names of the original's nodes that it was made of, one a line."""
SIDE = "mari.side"
"""Of a new node that depends on an input: "request" or "candidate"."""
STANDS_FOR = "mari.stands_for"
"""Of a node that a pass made: the name of the original's node that it was made of."""


def stands_for(node: ir.Node) -> str:
    """Return the name of the original's node that a node, made by a pass or not, stems from."""
    return node.metadata_props.get(STANDS_FOR) or node.name or ""
