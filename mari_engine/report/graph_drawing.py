"""Draws a graph as layers of boxes: positions only, the markup is the report's template.

Parallel branches that look alike and feed the same consumers are drawn once ("Gather x 26"), so
that a ranking model with dozens of embedding lookups fits a page. Layers follow Sugiyama, Tagawa
and Toda (1981): layering, virtual nodes on long edges, ordering by barycenter, positions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mari_engine.types import Action, Decision, GraphInfo, Side

BOX_WIDTH, BOX_HEIGHT = 118, 34
COLUMN_GAP, ROW_GAP = 16, 24
VIRTUAL_WIDTH = 10
MOST_BOXES = 300
"""More than this is not readable on a page."""
SWEEPS = 8


@dataclass(frozen=True)
class Box:
    """A node, or several that look alike, at its place in the picture."""

    title: str
    names: tuple[str, ...]
    side: Side
    action: Action | None
    x: float
    y: float


@dataclass(frozen=True)
class Wire:
    """A connection between boxes: the points it passes, and the side of what flows in it."""

    points: tuple[tuple[float, float], ...]
    side: Side

    @property
    def path(self) -> str:
        """The points joined by vertical curves, as SVG path data."""
        x, y = self.points[0]
        text = [f"M{x:.0f},{y:.0f}"]
        for to_x, to_y in self.points[1:]:
            middle = (y + to_y) / 2
            text.append(f"C{x:.0f},{middle:.0f} {to_x:.0f},{middle:.0f} {to_x:.0f},{to_y:.0f}")
            x, y = to_x, to_y
        return "".join(text)


@dataclass(frozen=True)
class Picture:
    """A drawn graph; `total` counts its boxes, and `boxes` is empty when they are too many."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    total: int
    nodes: int


@dataclass
class _Cell:
    """A place in a layer: a box to draw, or a bend of a long edge (`title` is empty)."""

    title: str
    names: list[str]
    side: Side
    action: Action | None
    layer: int = 0
    x: float = 0.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)

    @property
    def width(self) -> int:
        return BOX_WIDTH if self.title else VIRTUAL_WIDTH


def draw(graph: GraphInfo, sides: Mapping[str, Side], decisions: Sequence[Decision]) -> Picture:
    """Return the picture of a graph; `sides` is by value name, unknown values count as constant."""
    cells, edges = _fold(graph, sides, {decision.node: decision.action for decision in decisions})
    if len(cells) > MOST_BOXES:
        return Picture(0, 0, (), (), len(cells), len(graph.nodes))
    boxes = len(cells)
    _assign_layers(cells)
    chains = _bend_long_edges(cells, edges)
    layers = _order(cells)
    width = _place(cells, layers)
    pitch = BOX_HEIGHT + ROW_GAP
    drawn = tuple(
        Box(c.title, tuple(c.names), c.side, c.action, c.x, c.layer * pitch + BOX_HEIGHT / 2)
        for c in cells[:boxes]
    )
    wires = tuple(_wire(cells, chain, pitch) for chain in chains)
    return Picture(width, len(layers) * pitch - ROW_GAP, drawn, wires, boxes, len(graph.nodes))


def _fold(
    graph: GraphInfo, sides: Mapping[str, Side], actions: Mapping[str, Action]
) -> tuple[list[_Cell], list[tuple[int, int]]]:
    """Return one cell for each class of look-alike nodes, and the edges between the classes."""
    readers: dict[str, set[int]] = defaultdict(set)
    cells: list[_Cell] = []
    known: dict[Hashable, int] = {}

    def add(title: str, name: str, side: Side, key: Hashable, below: set[int]) -> int:
        at = known.setdefault(key, len(cells))
        if at == len(cells):
            cells.append(_Cell(title, [], side, actions.get(name), below=sorted(below)))
        cells[at].names.append(name)
        return at

    for tensor in graph.outputs:
        side = sides.get(tensor.name, Side.CONSTANT)
        at = add("output", tensor.name, side, ("output", tensor.name), set())
        readers[tensor.name].add(at)
    for node in reversed(graph.nodes):
        below = set().union(*(readers[name] for name in node.outputs))
        side = sides.get(next(iter(node.outputs), ""), Side.CONSTANT)
        alone = node.name if node.name in actions or not below else ""
        at = add(node.op, node.name, side, (node.op, side, alone, frozenset(below)), below)
        for name in node.inputs:
            readers[name].add(at)
    for tensor in graph.inputs:
        below, side = readers[tensor.name], sides.get(tensor.name, Side.CONSTANT)
        add("input", tensor.name, side, ("input", side, frozenset(below)), below)
    return cells, [(at, to) for at, cell in enumerate(cells) for to in cell.below]


def _assign_layers(cells: list[_Cell]) -> None:
    """Put each cell one layer above its highest reader: sources lie close to their use."""
    for cell in cells:  # readers come first in this order
        cell.layer = 1 + max((cells[to].layer for to in cell.below), default=-1)
    depth = max((cell.layer for cell in cells), default=0)
    for cell in cells:
        cell.layer = depth - cell.layer
        cell.below = []


def _bend_long_edges(cells: list[_Cell], edges: list[tuple[int, int]]) -> list[list[int]]:
    """Add a virtual cell in each layer that an edge crosses; return each edge's chain of cells."""
    chains = []
    for source, target in edges:
        chain = [source]
        for layer in range(cells[source].layer + 1, cells[target].layer):
            cells.append(_Cell("", [], cells[source].side, None, layer))
            chain.append(len(cells) - 1)
        chain.append(target)
        for upper, lower in pairwise(chain):
            cells[upper].below.append(lower)
            cells[lower].above.append(upper)
        chains.append(chain)
    return chains


_LEFT_TO_RIGHT = (Side.REQUEST, Side.CONSTANT, Side.CANDIDATE, Side.ITEM)


def _order(cells: list[_Cell]) -> list[list[int]]:
    """Return the layers, each ordered so that few edges cross; the request side starts left."""
    layers: list[list[int]] = [[] for _ in range(1 + max((c.layer for c in cells), default=-1))]
    for at, cell in enumerate(cells):
        layers[cell.layer].append(at)
    rank: dict[int, float] = {}
    for layer in layers:
        layer.sort(key=lambda at: (_LEFT_TO_RIGHT.index(cells[at].side), at))
        rank |= {at: place / max(1, len(layer) - 1) for place, at in enumerate(layer)}
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            mean = {
                at: _mean([rank[to] for to in near], rank[at])
                for at in layer
                for near in [cells[at].above if downwards else cells[at].below]
            }
            layer.sort(key=lambda at, mean=mean: mean[at])  # type: ignore[misc]
            rank |= {at: place / max(1, len(layer) - 1) for place, at in enumerate(layer)}
    return layers


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _place(cells: list[_Cell], layers: list[list[int]]) -> float:
    """Give each cell its x near its neighbors', without overlap; return the picture's width."""
    for layer in layers:
        _spread(cells, layer, [0.0] * len(layer))
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            wanted = [
                _mean([cells[to].x for to in near], cells[at].x)
                for at in layer
                for near in [cells[at].above if downwards else cells[at].below]
            ]
            _spread(cells, layer, wanted)
    left = min((cell.x - cell.width / 2 for cell in cells), default=0.0)
    for cell in cells:
        cell.x -= left
    return max((cell.x + cell.width / 2 for cell in cells), default=0.0)


def _spread(cells: list[_Cell], layer: list[int], wanted: list[float]) -> None:
    """Set the x of one layer: the mean of packing it from the left and from the right."""
    gaps = [(cells[a].width + cells[b].width) / 2 + COLUMN_GAP for a, b in pairwise(layer)]
    rightwards, leftwards = list(wanted), list(wanted)
    for at, gap in enumerate(gaps):
        rightwards[at + 1] = max(rightwards[at + 1], rightwards[at] + gap)
    for at, gap in reversed(list(enumerate(gaps))):
        leftwards[at] = min(leftwards[at], leftwards[at + 1] - gap)
    for at, cell in enumerate(layer):
        cells[cell].x = (rightwards[at] + leftwards[at]) / 2


def _wire(cells: list[_Cell], chain: list[int], pitch: float) -> Wire:
    points = []
    for at in chain:
        cell, top = cells[at], cells[at].layer * pitch
        if at != chain[0]:
            points.append((cell.x, top))
        if at != chain[-1]:
            points.append((cell.x, top + BOX_HEIGHT))
    return Wire(tuple(points), cells[chain[0]].side)
