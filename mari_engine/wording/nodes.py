"""How many nodes a graph has, and what became of the others of its file."""

from __future__ import annotations

from mari_engine.types import GraphInfo


def nodes_in_words(info: GraphInfo) -> str:
    """Return the number of nodes, and how many of the file's were folded or written out.

    >>> nodes_in_words(GraphInfo((), (), (), (), 17, 8, "", 0, 0, None, 37))
    '0 nodes (37 in the file; 37 that compute constants or nothing that is read are folded away)'
    """
    count = len(info.nodes)
    told = f"{count:,} {'node' if count == 1 else 'nodes'}"
    reading = sum(bool(node.inputs) for node in info.nodes)
    gone = (reading if info.file_nodes is None else info.file_nodes) - reading
    if gone > 0:
        what = "that compute constants or nothing that is read are folded away"
        return f"{told} ({info.file_nodes:,} in the file; {gone:,} {what})"
    return (
        f"{told} ({info.file_nodes:,} in the file, whose functions are inlined)" if gone else told
    )
