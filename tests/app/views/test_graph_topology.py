from __future__ import annotations

from dataclasses import replace

import pytest

from app.views.graph import Fold, correct_sides
from app.views.graph.flow_lanes import LANES, NO_LANE, find_lanes
from app.views.graph.folding import fold_graph
from app.views.graph.tensor_sizes import describe_shape, list_weights
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


def lanes_of(lines: str, outputs: str, fold: Fold = Fold.FLAT) -> dict[str, str]:
    info, coloring = picture(lines, inputs="R user, I item", outputs=outputs)
    topology = build_topology(info, coloring)
    folding = fold_graph(topology, fold)
    names = [
        *(f"→{one.name}" if one.kind is Kind.OUTPUT else one.name for one in topology.vertices),
        *(box.name for box in folding.boxes),
    ]
    lanes = find_lanes(topology, folding)
    assert len(lanes) == len(names)
    return {name: LANES[lane] for name, lane in zip(names, lanes, strict=True) if lane != NO_LANE}


def test_lanes_go_from_the_sides_over_where_they_meet_to_the_scores() -> None:
    found = lanes_of(
        """
        R wide = Relu user
        I flat = Relu item
        C met = Concat wide flat
        C between = Gemm met W
        C again = Add between wide
        C own = Relu again
        """,
        "own",
    )
    assert found == {
        "user": "User", "wide": "User", "item": "Item", "flat": "Item",
        "met": "Where they meet", "between": "Where they meet", "again": "Where they meet",
        "own": "Per candidate", "→own": "Scores",
    }  # fmt: skip


def test_a_box_stands_in_the_lane_of_what_it_holds() -> None:
    info, coloring = tower()
    topology = build_topology(info, coloring)
    folding = fold_graph(topology, Fold.PARTS)
    lanes = find_lanes(topology, folding)[len(topology.vertices) :]
    boxes = [box.name for box in folding.boxes]
    assert {name: LANES[lane] for name, lane in zip(boxes, lanes, strict=True) if name} == {
        "User features": "User", "Item features": "Item", "Fusion layer": "Where they meet",
        "Head": "Per candidate",
    }  # fmt: skip


def test_without_sides_there_are_no_lanes() -> None:
    topology = build_topology(tower()[0])
    assert set(find_lanes(topology, fold_graph(topology, Fold.PARTS))) == {NO_LANE}


def test_sizes_of_weights_count_each_once() -> None:
    info, coloring = picture(
        "R a = MatMul user W\nR b = Gemm a W B\nR c = Relu b",
        inputs="R user", outputs="c", weights=["W", "B"],
    )  # fmt: skip
    elements, shapes = list_weights(build_topology(info, coloring))
    assert elements == [0, 16, 16, 0, 0]
    assert shapes == ["", "4×4", "4×4", "", ""]


@pytest.mark.parametrize(
    ("shape", "told"),
    [(("N", 279), "N×279"), ((), ""), (None, ""), (("x" * 40,), "xxxxxx…xxxxxxx")],
)
def test_a_shape_is_told_in_short(shape: tuple[int | str, ...] | None, told: str) -> None:
    assert describe_shape(shape) == told
