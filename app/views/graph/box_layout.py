"""Where everything is drawn: each box is laid out for itself, once, all its boxes closed.

The browser only stacks the rows, and makes room for the boxes that are opened.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from app.views.graph.flow_order import order_by_flow
from app.views.graph.folding import Folding
from app.views.graph.topology import Topology
from mari_engine import LayeredLayout, Side, place_layers

NARROW, WIDE = 96, 216
"""The least and the largest width of a vertex, in pixels."""
_LETTER = 6.6
"""The mean width of a letter in the font of the pictures, in pixels."""
_MARGIN = 40
_STEP = 24
"""Widths are multiples of this, so that repeated blocks look alike."""
_LIGHT = 0.01
"""The weight of an edge from or to a constant; any other weighs 1."""


@dataclass(frozen=True)
class Route:
    """The bends of the edges between two things in one box: (row, x) from tail to head."""

    tail: int
    head: int
    bends: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Layout:
    """Places by item: vertices come first, then boxes; `parent` counts boxes from 0."""

    parent: tuple[int, ...]
    row: tuple[int, ...]
    x: tuple[int, ...]
    width: tuple[int, ...]
    routes: tuple[Route, ...]


def lay_out(topology: Topology, folding: Folding, titles: Sequence[str]) -> Layout:
    """Return the places of all vertices and boxes; `titles` are the texts that must fit."""
    count = len(topology.vertices)
    parent = [*folding.box_of, *(box.parent for box in folding.boxes)]
    children: defaultdict[int, list[int]] = defaultdict(list)
    for item in _by_position(parent, count):
        children[parent[item]].append(item)
    edges = _sibling_edges(topology, parent, count)
    width = [_fit(title) for title in titles]
    row, x = [0] * len(parent), [0] * len(parent)
    routes = []
    for box in range(len(folding.boxes)):
        items = order_by_flow(children[box], edges[box])
        place = {item: at for at, item in enumerate(items)}
        inner = tuple((place[tail], place[head]) for tail, head in edges[box])
        layers = _place_once(tuple(width[item] for item in items), inner)
        for item, at, center in zip(items, layers.row, layers.x, strict=True):
            row[item], x[item] = at, round(center)
        routes += [
            Route(items[tail], items[head], bends) for (tail, head), bends in layers.bends.items()
        ]
    return Layout(tuple(parent), tuple(row), tuple(x), tuple(width), tuple(routes))


@functools.lru_cache(maxsize=4096)
def _place_once(widths: tuple[float, ...], edges: tuple[tuple[int, int], ...]) -> LayeredLayout:
    """Place a box's items; models repeat their blocks, and most stay when a label changes."""
    return place_layers(widths, edges)


def _fit(title: str) -> int:
    room = math.ceil((_LETTER * len(title) + _MARGIN) / _STEP) * _STEP
    return max(NARROW, min(WIDE, room))


def _by_position(parent: Sequence[int], count: int) -> list[int]:
    """Return all items but the outermost box, by the mean place of what they hold."""
    total, size = [0.0] * len(parent), [0] * len(parent)
    for item in range(count):
        box = item
        while box >= 0:
            total[box] += item
            size[box] += 1
            box = parent[box] + count if parent[box] >= 0 else -1
    items = [item for item in range(len(parent)) if item != count and size[item]]
    return sorted(items, key=lambda item: total[item] / size[item])


def _sibling_edges(
    topology: Topology, parent: Sequence[int], count: int
) -> defaultdict[int, dict[tuple[int, int], float]]:
    """Return the edges by the innermost box that holds both ends, as edges between its items.

    Each weighs what flows along it; constants hardly weigh, so they do not shape the picture.
    """
    edges: defaultdict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    light = [vertex.side is Side.CONSTANT for vertex in topology.vertices]
    around = _Around(parent, count)
    for edge in topology.edges:
        box, tail, head = around.meet(edge.tail, edge.head)
        weights = edges[box]
        weight = _LIGHT if light[edge.tail] or light[edge.head] else 1.0
        weights[tail, head] = weights.get((tail, head), 0.0) + weight
    return edges


class _Around:
    """The boxes around vertices, and where two vertices' boxes part; each pair of boxes once."""

    def __init__(self, parent: Sequence[int], count: int) -> None:
        self.parent = parent
        self.count = count
        self.chains: dict[int, list[int]] = {}
        self.partings: dict[tuple[int, int], tuple[int, int, int]] = {}

    def meet(self, tail: int, head: int) -> tuple[int, int, int]:
        """Return the innermost box around both, and the items in it that hold or are the ends."""
        pair = self.parent[tail], self.parent[head]
        if pair[0] == pair[1]:
            return pair[0], tail, head
        if pair not in self.partings:
            self.partings[pair] = self._part(*pair)
        box, left, right = self.partings[pair]
        return box, tail if left < 0 else left, head if right < 0 else right

    def _part(self, one: int, other: int) -> tuple[int, int, int]:
        """Return the box in which two boxes part, and their items there; -1 for the box itself."""
        left, right = self._chain(one), self._chain(other)
        depth = 0
        while depth < min(len(left), len(right)) and left[depth] == right[depth]:
            depth += 1
        box = left[depth - 1] - self.count
        ends = [chain[depth] if depth < len(chain) else -1 for chain in (left, right)]
        return box, ends[0], ends[1]

    def _chain(self, box: int) -> list[int]:
        """Return the items of the boxes around a box and of itself, the whole first."""
        if box not in self.chains:
            chain = [box + self.count]
            while self.parent[chain[-1]] >= 0:
                chain.append(self.parent[chain[-1]] + self.count)
            self.chains[box] = chain[::-1]
        return self.chains[box]
