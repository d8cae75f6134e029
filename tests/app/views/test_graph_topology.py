from __future__ import annotations

from dataclasses import replace

from app.views.graph import Fold, correct_sides
from app.views.graph.box_layout import lay_out
from app.views.graph.folding import fold_graph
from app.views.graph.topology import Kind, build_topology
from mari_engine import Side
from support.graph_pictures import picture, tower


def test_inputs_nodes_and_outputs_are_vertices_in_the_order_of_flow() -> None:
    topology = build_topology(*tower())
    assert [vertex.name for vertex in topology.vertices] == [
        "user", "item", "wide", "flat", "joined", "fused", "active", "final", "final",
    ]  # fmt: skip
    assert topology.vertices[-1].kind is Kind.OUTPUT
    assert all(edge.tail < edge.head for edge in topology.edges)


def test_weights_are_no_edges() -> None:
    topology = build_topology(*tower())
    assert "W" not in {edge.value for edge in topology.edges}
    assert topology.weights["W"].shape == (4, 4)


def test_a_value_taken_twice_is_one_edge() -> None:
    info, coloring = picture("R squared = Mul user user", inputs="R user", outputs="squared")
    assert len(build_topology(info, coloring).edges) == 2


def test_without_a_coloring_there_are_no_sides() -> None:
    assert {vertex.side for vertex in build_topology(tower()[0]).vertices} == {None}


def test_the_rewriter_knows_better_than_the_coloring() -> None:
    info, coloring = picture(
        """
        C first = Slice user
        C own = Relu item
        C joined = Add first own
        """,
        inputs="R user, I item",
        outputs="joined",
    )
    stated = {"first": Side.REQUEST, "own": Side.CANDIDATE, "joined": Side.CANDIDATE}
    info = replace(info, nodes=tuple(replace(node, side=stated[node.name]) for node in info.nodes))
    values = correct_sides(info, coloring).values
    assert [values[name].side for name in stated] == [Side.REQUEST, Side.ITEM, Side.CANDIDATE]
    assert values["first"].candidate_axis is None


def test_every_item_has_a_place_in_its_own_box() -> None:
    topology = build_topology(*tower())
    folding = fold_graph(topology, Fold.PARTS)
    layout = lay_out(topology, folding, ["x"] * (len(topology.vertices) + len(folding.boxes)))
    count = len(topology.vertices)
    assert layout.parent[:count] == folding.box_of
    names = [box.name for box in folding.boxes]
    rows = {name: layout.row[count + at] for at, name in enumerate(names)}
    assert rows["User features"] == rows["Item features"] < rows["Fusion layer"] < rows["Head"]


def test_long_edges_between_boxes_have_routes() -> None:
    info, coloring = picture(
        """
        R a = Relu user
        C b = Concat a item
        C c = Gemm b
        C d = Relu c
        C e = Relu d
        C f = Add e item
        """,
        inputs="R user, I item",
        outputs="f",
    )
    topology = build_topology(info, coloring)
    layout = lay_out(topology, fold_graph(topology, Fold.FLAT), ["x"] * 9)
    route = next(route for route in layout.routes if route.tail == 1 and route.head == 7)
    assert [row for row, _ in route.bends] == list(range(layout.row[1] + 1, layout.row[7]))
