"""Groups on random graphs: every vertex in one, and none feeds another in a circle."""

from __future__ import annotations

from graphlib import TopologicalSorter

from hypothesis import given, settings
from hypothesis import strategies as st

from app.views.graph import Fold
from app.views.graph.flow_groups import group_acyclic
from app.views.graph.flow_lanes import find_lanes
from app.views.graph.folding import Folding, fold_graph
from app.views.graph.topology import Topology, build_topology
from mari_engine import Coloring, Side
from support.graph_pictures import picture

OPS = ("Add", "Concat", "Gemm", "MatMul", "Mul", "ReduceSum", "Relu", "Reshape", "Softmax")
SEEN = settings(max_examples=100, deadline=None, derandomize=True)


@st.composite
def graphs(draw: st.DrawFn) -> Topology:
    """A random graph of all operators that parts are told by, colored by what reaches each node."""
    names = ["user", "item"]
    colors = {"user": "R", "item": "I"}
    lines = []
    for at in range(draw(st.integers(1, 40))):
        taken = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        op, scope = draw(st.sampled_from(OPS)), draw(st.sampled_from(["", "a", "a/b", "c", "c/b"]))
        reached = {colors[name] for name in taken} - {"K"}
        color = (reached.pop() if reached else "K") if len(reached) < 2 else "C"
        if draw(st.integers(0, 9)) == 0:
            color = "K"  # a shape
        colors[f"n{at}"] = color
        lines.append(f"{color} n{at}@{scope} = {op} {' '.join(taken)}")
        names.append(f"n{at}")
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs=names[-1])
    return build_topology(info, coloring)


def assert_no_circle(topology: Topology, folding: Folding) -> None:
    """Fail where things side by side in a box feed each other in a circle, constants aside."""

    def chain(at: int) -> list[tuple[str, int]]:
        items, box = [("vertex", at)], folding.box_of[at]
        while box > 0:
            items.append(("box", box))
            box = folding.boxes[box].parent
        return items[::-1]

    feeds: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for edge in topology.edges:
        ends = topology.vertices[edge.tail], topology.vertices[edge.head]
        if any(vertex.side is Side.CONSTANT for vertex in ends):
            continue
        for tail, head in zip(chain(edge.tail), chain(edge.head), strict=False):
            if tail != head:
                feeds.setdefault(head, set()).add(tail)
                break
    TopologicalSorter(feeds).prepare()  # raises where there is a circle


@SEEN
@given(graphs())
def test_parts_of_a_model_are_acyclic(topology: Topology) -> None:
    folding = fold_graph(topology, Fold.PARTS)
    assert len(folding.box_of) == len(topology.vertices)
    assert_no_circle(topology, folding)


@SEEN
@given(graphs())
def test_modules_are_acyclic(topology: Topology) -> None:
    assert_no_circle(topology, fold_graph(topology, Fold.SCOPES))


@SEEN
@given(graphs(), st.sampled_from(Fold))
def test_no_edge_leads_to_a_lane_further_left(topology: Topology, fold: Fold) -> None:
    folding = fold_graph(topology, fold)
    lanes = find_lanes(topology, folding)
    count = len(topology.vertices)

    def lane(at: int) -> int:
        item, box = at, folding.box_of[at]
        while box > 0:
            item, box = count + box, folding.boxes[box].parent
        return lanes[item]

    for edge in topology.edges:
        if Side.CONSTANT not in {topology.vertices[at].side for at in (edge.tail, edge.head)}:
            assert lane(edge.tail) <= lane(edge.head)


@SEEN
@given(graphs())
def test_every_vertex_has_a_side(topology: Topology) -> None:
    assert None not in {vertex.side for vertex in topology.vertices}


@SEEN
@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 30))), max_size=30))
def test_every_member_is_in_one_group_of_its_label(given: list[tuple[int, set[int]]]) -> None:
    labels = [label for label, _ in given]
    before = [[other for other in others if other < at] for at, (_, others) in enumerate(given)]
    groups = group_acyclic(range(len(given)), labels, before)
    assert sorted(at for _, members in groups for at in members) == [*range(len(given))]
    assert all(labels[at] == label for label, members in groups for at in members)


def test_what_feeds_nothing_in_a_circle_stays_together() -> None:
    before: list[list[int]] = [[], [0], [], [2], [1, 3]]
    assert group_acyclic(range(5), "abaab", before) == [("a", [0, 2, 3]), ("b", [1, 4])]


def test_a_part_that_would_feed_itself_through_another_is_two() -> None:
    assert group_acyclic(range(3), "aba", [[], [0], [1]]) == [("a", [0]), ("b", [1]), ("a", [2])]


def test_sides_of_values_without_a_color_follow_from_what_reaches_them() -> None:
    info, coloring = picture(
        "R a = Relu user\nC b = Add a item", inputs="R user, I item", outputs="b"
    )
    known = {name: coloring.values[name] for name in ("user", "item")}
    sides = [vertex.side for vertex in build_topology(info, Coloring(known)).vertices]
    assert sides == [Side.REQUEST, Side.ITEM, Side.REQUEST, Side.CANDIDATE, Side.CANDIDATE]
