"""Who makes and who reads each value of a structure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from functools import cached_property

from mari_engine.types import Structure, StructureNode

Place = tuple[int, int]
"""A node by its position, and the position of one of its inputs or outputs."""


class Wiring:
    """The nodes of a structure by position, with makers and readers of their values."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.nodes = structure.nodes

    @cached_property
    def makers(self) -> Mapping[str, Place]:
        """By value: the node that makes it, and which of its results it is."""
        return {
            name: (at, place)
            for at, node in enumerate(self.nodes)
            for place, name in enumerate(node.outputs)
            if name
        }

    @cached_property
    def readers(self) -> Mapping[str, list[Place]]:
        """By value: the nodes that read it, and where."""
        found: dict[str, list[Place]] = defaultdict(list)
        for at, node in enumerate(self.nodes):
            for place, name in enumerate(node.inputs):
                if name:
                    found[name].append((at, place))
        return found

    def local_key(self, node: StructureNode) -> Hashable:
        """Return what a node is by itself: operator, attributes, and constants but for weights."""
        constants = tuple(
            None if found is None else (found.dtype, found.shape, found.value)
            for name in node.inputs
            for found in (self.structure.constants_by_name.get(name),)
        )
        attributes = tuple(sorted(node.attributes.items()))
        return node.domain, node.op, attributes, constants, len(node.outputs)
