"""Which vertices fold into which boxes: by the model's own scopes, or by what MaRI sees.

A folding is a tree. Whatever the model, no box opens onto more than `LIMIT` things at once, and
what lies side by side in a box never feeds each other in a circle, constants aside.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.views.graph.flow_groups import group_acyclic
from app.views.graph.flow_order import order_by_flow
from app.views.graph.model_parts import Path, find_parts, split_parallel
from app.views.graph.topology import Kind, Topology
from mari_engine import GraphNode, Side

T = TypeVar("T")

LIMIT = 60
"""More than this many things in one box are divided further."""
_FEW_CONSTANTS = 4
"""A part with more constants shows them in a box of their own."""
_MOST_SCOPED = 0.6
_LEAST = 2
"""A box that holds less than this is not worth opening."""


class Fold(StrEnum):
    """Ways to fold a graph."""

    PARTS = "parts"
    """User tower, item tower, where they meet, experts, gates, heads."""
    SCOPES = "scopes"
    """The modules that the model's names tell of."""
    FLAT = "flat"
    """Nothing is folded."""


@dataclass(frozen=True)
class Box:
    """A group of vertices; `parent` is its box's index, -1 for the outermost."""

    name: str
    parent: int


@dataclass(frozen=True)
class Folding:
    """Boxes, parents before children, and the box of each vertex. Box 0 is the whole graph."""

    boxes: tuple[Box, ...]
    box_of: tuple[int, ...]


def has_scopes(nodes: Sequence[GraphNode]) -> bool:
    """Return True when names tell of modules for most nodes, and of more than one."""
    scoped = [node.scope for node in nodes if node.scope]
    return len(scoped) >= _MOST_SCOPED * len(nodes) and len(set(scoped)) > 1


def fold_graph(topology: Topology, fold: Fold) -> Folding:
    """Return the tree of boxes for this way of folding."""
    tree = _Tree(topology)
    data = [at for at, vertex in enumerate(topology.vertices) if vertex.side is not Side.CONSTANT]
    if fold is Fold.FLAT:
        tree.put(data, 0)
    else:
        paths = _split_scopes(topology) if fold is Fold.SCOPES else find_parts(topology)
        tree.add_paths(data, paths, 0)
    tree.add_constants()
    return tree.freeze()


class _Tree:
    """A folding under construction."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.before, self.after = topology.data_neighbors
        self.boxes = [Box("", -1)]
        self.box_of = [0] * len(topology.vertices)

    def freeze(self) -> Folding:
        return Folding(tuple(self.boxes), tuple(self.box_of))

    def put(self, members: Iterable[int], box: int) -> None:
        for member in members:
            self.box_of[member] = box

    def open_box(self, name: str, parent: int) -> int:
        self.boxes.append(Box(name, parent))
        return len(self.boxes) - 1

    def add(self, name: str, members: Sequence[int], parent: int) -> None:
        """Put the members into a box of their own, in smaller ones where they are many."""
        if len(members) < _LEAST:
            self.put(members, parent)
        else:
            self.divide(members, self.open_box(name, parent))

    def add_paths(self, members: Sequence[int], paths: Sequence[Path], box: int) -> None:
        """Put the members into boxes by the first parts of their paths, and those into others.

        A part that would feed another in a circle is several boxes, told apart by numbers.
        """
        units = group_acyclic(members, [paths[at] or at for at in members], self.before)
        groups = self._gather(units)
        loose = [group for name, group in groups if not name or len(group) < _LEAST]
        self.divide([at for group in loose for at in group], box)
        met = Counter[str]()
        for name, group in groups:
            if not name or len(group) < _LEAST:
                continue
            met[name] += 1
            inner = self.open_box(name if met[name] == 1 else f"{name} ({met[name]})", box)
            self.add_paths(group, [path[1:] for path in paths], inner)

    def _gather(self, units: Sequence[tuple[Path | int, list[int]]]) -> list[tuple[str, list[int]]]:
        """Return groups of whole units by the first part of their paths; "" for single ones."""
        unit_of = {at: unit for unit, (_, members) in enumerate(units) for at in members}
        edges = {
            (unit_of[other], unit): 1.0
            for unit, (_, members) in enumerate(units)
            for at in members
            for other in self.before[at]
            if unit_of.get(other, unit) != unit
        }
        before: list[list[int]] = [[] for _ in units]
        for tail, head in edges:
            before[head].append(tail)
        order = order_by_flow(range(len(units)), edges)
        labels = [path[0] if isinstance(path, tuple) else path for path, _ in units]
        groups = group_acyclic(order, [labels[unit] for unit in order], before)
        return [
            (name if isinstance(name, str) else "", sorted(at for u in held for at in units[u][1]))
            for name, held in groups
        ]

    def add_constants(self) -> None:
        """Put constants where the first that takes them lies, apart where they are many."""
        after = self.topology.neighbors[1]
        around: defaultdict[int, list[int]] = defaultdict(list)
        for at in reversed(range(len(self.box_of))):
            if self.topology.vertices[at].side is Side.CONSTANT:
                self.box_of[at] = self.box_of[min(after[at])] if after[at] else 0
                around[self.box_of[at]].append(at)
        for box, constants in around.items():
            if len(constants) > _FEW_CONSTANTS:
                self.add("Shapes and constants", constants[::-1], box)

    def divide(self, members: Sequence[int], box: int) -> None:
        """Put the members into this box: parallel branches, or else stretches, as boxes."""
        if len(members) <= LIMIT:
            self.put(members, box)
            return
        branches = split_parallel(sorted(members), self.before)
        if 1 < len(branches) <= LIMIT:
            for branch in branches:
                self.add(self.title(branch), branch, box)
        elif len(branches) > LIMIT:
            for bundle in _bundles(branches):
                merged = sorted(itertools.chain.from_iterable(bundle))
                self.add(f"{len(bundle)} branches: {self.title(merged)}", merged, box)
        else:
            for stretch in _bundles(sorted(members)):
                self.add(self.title(stretch), stretch, box)

    def title(self, members: Sequence[int]) -> str:
        """Return a name for an unnamed box: its module, or the operators at its ends."""
        vertices = self.topology.vertices
        module = _common_module([vertices[at].scope for at in members if vertices[at].node])
        if module:
            return module
        first, last = vertices[members[0]], vertices[members[-1]]
        begin = first.name if first.kind is Kind.INPUT else first.op
        return f"{begin} … {last.op}" if len(members) > 1 else begin


def _common_module(scopes: Sequence[str]) -> str:
    """Return the end of the path that all modules share; "" where it tells nothing."""
    paths = [scope.split("/") for scope in set(scopes)]
    levels = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
    shared = [level[0] for level in levels if level[0]]
    return "/".join(shared[-2:]) if len(shared) > 1 else ""


def _bundles(items: Sequence[T]) -> list[Sequence[T]]:
    """Return at most `LIMIT` runs of the items, of the same length up to one."""
    parts = min(LIMIT, max(2, -(-len(items) // (LIMIT * 2 // 3))))
    bounds = [len(items) * at // parts for at in range(parts + 1)]
    return [items[low:high] for low, high in itertools.pairwise(bounds)]


def _split_scopes(topology: Topology) -> list[Path]:
    """Return the scopes' parts by vertex, without the parts that all scopes begin with."""
    scopes = [vertex.scope for vertex in topology.vertices]
    separator = "/" if any("/" in scope for scope in scopes) else "."
    parts = [[part for part in scope.split(separator) if part] for scope in scopes]
    known = [found for found in parts if found]
    levels = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*known, strict=False))
    shared = len(list(levels))
    return [tuple(found[shared:]) for found in parts]
