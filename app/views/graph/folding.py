"""Which vertices fold into which boxes: by the model's own scopes, or by what MaRI sees.

A folding is a tree. Whatever the model, no box opens onto more than `LIMIT` things at once.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.views.graph.model_parts import Part, find_parts, split_parallel
from app.views.graph.topology import Kind, Topology
from mari_engine import GraphNode, Side

T = TypeVar("T")

LIMIT = 60
"""More than this many things in one box are divided further."""
_FEW_CONSTANTS = 4
"""A part with more constants shows them in a box of their own."""
_FEW_OF_A_KIND = 6
_KINDS = ("Expert", "Head", "Fusion layer", "Behind fusion layer")
"""Parts that a model can have many of."""
_MOST_SCOPED = 0.6
_LEAST = 2
"""A box that holds less than this is not worth opening."""


class Fold(StrEnum):
    """Ways to fold a graph."""

    PARTS = "parts"
    """Request tower, item tower, fusion layers, experts, heads."""
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
    everything = range(len(topology.vertices))
    tree = _Tree(topology)
    if fold is Fold.FLAT:
        tree.put(everything, 0)
    elif fold is Fold.SCOPES:
        _fold_scopes(tree, _split_scopes(topology), everything, depth=0, box=0)
    else:
        tree.add_parts(find_parts(topology))
    return tree.freeze()


class _Tree:
    """A folding under construction."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.before, self.after = topology.neighbors
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
        if not name or len(members) < _LEAST:
            self.put(members, parent)
            return
        self.divide(members, self.open_box(name, parent))

    def add_parts(self, parts: Sequence[Part]) -> None:
        """Put each part into a box; parts of one kind share a box where they are many."""
        families = Counter(_family(name) for name, _ in parts)
        shared = {
            family: self.open_box(f"{number} {family.lower()}s", 0)
            for family, number in families.items()
            if family and number > _FEW_OF_A_KIND
        }
        for name, members in parts:
            self.add_part(name, members, shared.get(_family(name), 0))

    def add_part(self, name: str, members: Sequence[int], parent: int) -> None:
        """Put a part into a box, its constants apart where they are many."""
        constants = [at for at in members if self.topology.vertices[at].side is Side.CONSTANT]
        if len(constants) <= _FEW_CONSTANTS or len(constants) == len(members):
            self.add(name, members, parent)
            return
        self.add(name, sorted(set(members) - set(constants)), parent)
        around = self.box_of[next(at for at in members if at not in constants)]
        self.add("Shapes and constants", constants, self.outermost(around))

    def outermost(self, box: int) -> int:
        """Return the box around this one that lies directly in the whole graph."""
        while self.boxes[box].parent > 0:
            box = self.boxes[box].parent
        return box

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


def _family(name: str) -> str:
    """Return "Expert" for "Expert 7", "Head" for "Head ctr"; "" for what is one of its kind."""
    return next((kind for kind in _KINDS if name.startswith(f"{kind} ")), "")


def _bundles(items: Sequence[T]) -> list[Sequence[T]]:
    """Return at most `LIMIT` runs of the items, of the same length up to one."""
    parts = min(LIMIT, max(2, -(-len(items) // (LIMIT * 2 // 3))))
    bounds = [len(items) * at // parts for at in range(parts + 1)]
    return [items[low:high] for low, high in itertools.pairwise(bounds)]


def _fold_scopes(
    tree: _Tree, scopes: Sequence[Sequence[str]], members: Iterable[int], *, depth: int, box: int
) -> None:
    """Put the members into boxes by the next part of their scopes."""
    here: list[int] = []
    inner: defaultdict[str, list[int]] = defaultdict(list)
    for member in members:
        parts = scopes[member]
        if len(parts) > depth:
            inner[parts[depth]].append(member)
        else:
            here.append(member)
    if inner and len(here) > LIMIT:
        tree.add("without a module", here, box)
    else:
        tree.divide(here, box)
    for name, group in inner.items():
        if len(group) < _LEAST:
            tree.put(group, box)
        else:
            _fold_scopes(tree, scopes, group, depth=depth + 1, box=tree.open_box(name, box))


def _split_scopes(topology: Topology) -> list[list[str]]:
    """Return the scopes' parts by vertex, without the parts that all scopes begin with."""
    scopes = [vertex.scope for vertex in topology.vertices]
    separator = "/" if any("/" in scope for scope in scopes) else "."
    parts = [[part for part in scope.split(separator) if part] for scope in scopes]
    known = [found for found in parts if found]
    levels = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*known, strict=False))
    shared = len(list(levels))
    return [found[shared:] for found in parts]
