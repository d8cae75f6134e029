"""What nodes say in their metadata of where they come from, for viewers and decisions."""

from __future__ import annotations

import onnx_ir as ir

SOURCE = "mari.source"
"""Of a new node: the names of the original's nodes that it was made of, one a line."""
SIDE = "mari.side"
STANDS_FOR = "mari.stands_for"
"""Of a respelled node: the name of the original's node that it was made of."""


def stands_for(node: ir.Node) -> str:
    """Return the name of the original's node that a node, respelled or not, was made of."""
    return node.metadata_props.get(STANDS_FOR) or node.name or ""
