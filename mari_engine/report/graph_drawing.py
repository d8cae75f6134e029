"""Graph drawing: boxes and wires of a graph in layers, in pixels; the markup is the template's.

Parallel branches that look alike and feed the same consumers are drawn once ("Gather x 26"), so
that a ranking model with dozens of embedding lookups fits a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from mari_engine.report.layered_layout import LayeredLayout, place_layers
from mari_engine.types import Action, Decision, GraphInfo, Side
from mari_engine.wording import nodes_in_words

BOX_WIDTH, BOX_HEIGHT = 118, 34
ROW_GAP = 24
_PITCH = BOX_HEIGHT + ROW_GAP
"""From the top of a row to the top of the next, in pixels."""
MOST_BOXES = 300
"""More than this is not readable on a page."""
_LEFT_TO_RIGHT = (Side.REQUEST, Side.CONSTANT, Side.CANDIDATE, Side.ITEM)


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
    nodes: str
    """How many, in words."""


@dataclass(frozen=True)
class _Cell:
    """A class of look-alike nodes, and the cells that read their results."""

    title: str
    names: list[str]
    side: Side
    action: Action | None
    readers: tuple[int, ...]


def draw(graph: GraphInfo, sides: Mapping[str, Side], decisions: Sequence[Decision]) -> Picture:
    """Return the picture of a graph; `sides` is by value name, unknown values count as constant."""
    cells = _fold(graph, sides, {decision.node: decision.action for decision in decisions})
    if len(cells) > MOST_BOXES:
        return Picture(0, 0, (), (), len(cells), nodes_in_words(graph))
    cells = _in_flow_order(cells)
    edges = [(at, to) for at, cell in enumerate(cells) for to in cell.readers]
    layout = place_layers([BOX_WIDTH] * len(cells), edges)
    left, right = _extent(layout)
    boxes = tuple(
        Box(c.title, tuple(c.names), c.side, c.action, x - left, _top(row) + BOX_HEIGHT / 2)
        for c, row, x in zip(cells, layout.row, layout.x, strict=True)
    )
    wires = tuple(_wire(layout, edge, cells[edge[0]].side, left) for edge in edges)
    height = _top(1 + max(layout.row, default=-1)) - ROW_GAP
    return Picture(right - left, height, boxes, wires, len(boxes), nodes_in_words(graph))


def _fold(
    graph: GraphInfo, sides: Mapping[str, Side], actions: Mapping[str, Action]
) -> list[_Cell]:
    """Return one cell for each class of look-alike nodes, readers before what they read."""
    readers: dict[str, set[int]] = defaultdict(set)
    cells: list[_Cell] = []
    known: dict[Hashable, int] = {}

    def add(title: str, name: str, side: Side, key: Hashable, below: set[int]) -> int:
        at = known.setdefault(key, len(cells))
        if at == len(cells):
            cells.append(_Cell(title, [], side, actions.get(name), tuple(sorted(below))))
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
    return cells


def _in_flow_order(cells: list[_Cell]) -> list[_Cell]:
    """Return the cells so that each stands before its readers, the request side first."""
    below: list[int] = []
    for cell in cells:  # readers come first
        below.append(1 + max((below[to] for to in cell.readers), default=-1))
    order = sorted(
        range(len(cells)), key=lambda at: (-below[at], _LEFT_TO_RIGHT.index(cells[at].side), at)
    )
    place = {at: new for new, at in enumerate(order)}
    return [
        replace(cells[at], readers=tuple(sorted(place[to] for to in cells[at].readers)))
        for at in order
    ]


def _extent(layout: LayeredLayout) -> tuple[float, float]:
    """Return the picture's left and right end; bends may lie beyond the boxes."""
    ends = [x + way * BOX_WIDTH / 2 for x in layout.x for way in (-1, 1)]
    bends = [x for points in layout.bends.values() for _, x in points]
    return min([*ends, *bends], default=0.0), max([*ends, *bends], default=0.0)


def _top(row: int) -> float:
    return row * _PITCH


def _wire(layout: LayeredLayout, edge: tuple[int, int], side: Side, left: float) -> Wire:
    """Return an edge from below its tail, straight down through each row that it passes."""
    tail, head = edge
    points = [(layout.x[tail], _top(layout.row[tail]) + BOX_HEIGHT)]
    for row, x in layout.bends.get(edge, ()):
        points += [(x, _top(row)), (x, _top(row) + BOX_HEIGHT)]
    points.append((layout.x[head], _top(layout.row[head])))
    return Wire(tuple((x - left, y) for x, y in points), side)
