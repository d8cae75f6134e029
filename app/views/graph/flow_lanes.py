"""The lanes of a picture, left to right: user, item, where they meet, per candidate, scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from app.views.graph.data_flow import DataFlow
from app.views.graph.flow_order import order_by_flow
from app.views.graph.folding import Folding
from app.views.graph.topology import Kind, Topology
from mari_engine import Side

LANES = ("User", "Item", "Where they meet", "Per candidate", "Scores")
_USER, _ITEM, _MEETING, _CANDIDATE, _SCORES = range(len(LANES))
NO_LANE = -1


def find_lanes(topology: Topology, folding: Folding) -> list[int]:
    """Return the lane of each item, vertices first and then boxes; -1 for what lies in a box.

    No edge leads to a lane further left, constants aside: a box that holds several lanes stands in
    the first of them that nothing leads back from. Without sides there are no lanes.
    """
    count = len(topology.vertices)
    lanes = [NO_LANE] * (count + len(folding.boxes))
    if any(vertex.side is None for vertex in topology.vertices):
        return lanes
    flow = DataFlow(topology)
    own = _find_own(flow)
    item_of = [_outermost(folding, at, count) for at in range(count)]
    before: defaultdict[int, set[int]] = defaultdict(set)
    first: dict[int, int] = {}
    for at, item in enumerate(item_of):
        if topology.vertices[at].side is Side.CONSTANT:
            first.setdefault(item, _SCORES)
            continue
        before[item] |= {item_of[other] for other in flow.before[at]} - {item}
        first[item] = min(first.get(item, _SCORES), own[at])
    edges = {(tail, head): 1.0 for head, tails in before.items() for tail in tails}
    for item in order_by_flow(sorted(first), edges):
        lanes[item] = max([first[item], *(lanes[other] for other in before[item])])
    return lanes


def _find_own(flow: DataFlow) -> list[int]:
    """Return the lane of each vertex by itself."""
    joins = [at for at in range(len(flow)) if flow.joins(at)]
    leading = flow.ancestors(joins)
    met: set[int] = set()
    for at in range(len(flow)):
        if flow.joins(at) or met.intersection(flow.before[at]):
            met.add(at)
    return [_lane_of(flow, at, leading, met) for at in range(len(flow))]


def _lane_of(flow: DataFlow, at: int, leading: set[int], met: set[int]) -> int:
    side = flow.side(at)
    if flow.vertex(at).kind is Kind.OUTPUT:
        return _SCORES
    if side is Side.REQUEST:
        return _USER
    if at not in met:
        return _ITEM
    return _MEETING if at in leading else _CANDIDATE


def _outermost(folding: Folding, at: int, count: int) -> int:
    """Return the item that lies directly in the whole graph and holds this vertex."""
    box = folding.box_of[at]
    item = at
    while box > 0:
        item = count + box
        box = folding.boxes[box].parent
    return item


def pick_used(lanes: Sequence[int]) -> list[str]:
    """Return the names of the lanes, or none where nothing stands in one."""
    return [*LANES] if any(lane != NO_LANE for lane in lanes) else []
