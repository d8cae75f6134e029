"""Keys by which nodes of two graphs are found to be the same: what they are, and what is around.

A node's *cone* is all that it is computed from; its *use*, all that is computed from it. Nodes of
two graphs with equal cones compute the same but for weights; an inserted node changes the cones
behind it and the uses before it, and no others. Equal keys get equal numbers, so that each node
takes time by its own inputs and readers alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from mari_engine.graph_diff.wiring import Wiring


class Numbering:
    """Numbers for keys, equal for equal ones."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def __call__(self, key: Hashable) -> int:
        """Return the number of a key."""
        return self._known.setdefault(key, len(self._known))


@dataclass(frozen=True, eq=False)
class NodeKeys:
    """By node: the numbers of its local key, of its cone, and of its use."""

    local: Sequence[int]
    cone: Sequence[int]
    use: Sequence[int]


def number_nodes(wiring: Wiring, number: Numbering) -> NodeKeys:
    """Return the keys of all nodes; two graphs are compared with one numbering."""
    local = [number(("local", wiring.local_key(node))) for node in wiring.nodes]
    return NodeKeys(local, _cones(wiring, local, number), _uses(wiring, local, number))


def _cones(wiring: Wiring, local: Sequence[int], number: Numbering) -> list[int]:
    inputs = {each.name for each in wiring.structure.inputs}
    cones: list[int] = []
    for at, node in enumerate(wiring.nodes):
        read: list[Hashable] = []
        for name in node.inputs:
            maker = wiring.makers.get(name)
            if maker is not None:
                read.append((cones[maker[0]], maker[1]))
            else:
                read.append(name if name in inputs else None)
        cones.append(number(("cone", local[at], tuple(read))))
    return cones


def _uses(wiring: Wiring, local: Sequence[int], number: Numbering) -> list[int]:
    outputs = {each.name for each in wiring.structure.outputs}
    uses = [0] * len(wiring.nodes)
    for at in range(len(wiring.nodes) - 1, -1, -1):
        read: list[Hashable] = []
        for name in wiring.nodes[at].outputs:
            readers = sorted((uses[by], place) for by, place in wiring.readers.get(name, ()))
            read.append((tuple(readers), name if name in outputs else None))
        uses[at] = number(("use", local[at], tuple(read)))
    return uses
