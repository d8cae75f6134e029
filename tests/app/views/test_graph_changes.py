from __future__ import annotations

from dataclasses import replace

import pytest

from app.views.graph.changes import Change, compare_graphs
from app.views.graph.topology import Topology, build_topology
from mari_engine import Coloring, GraphInfo
from support.graph_pictures import picture, tower


def rewritten(sources: dict[str, str], info: GraphInfo) -> GraphInfo:
    """The graph with the original nodes that each node was made from."""
    nodes = tuple(
        replace(node, sources=tuple(sources.get(node.name, node.name).split()))
        for node in info.nodes
    )
    return replace(info, nodes=nodes)


def optimized_tower() -> tuple[GraphInfo, Coloring]:
    info, coloring = picture(
        """
        R first = Slice user
        R wide = Relu first
        I flat = Relu item
        R row = MatMul wide W
        C fused = Gemm flat W row
        C active = Relu fused
        C final = Gemm active W
        """,
        inputs="R user, I item",
        outputs="final",
    )
    return rewritten({"row": "fused", "first": ""}, info), coloring


def names(topology: Topology, changes: tuple[Change, ...]) -> dict[str, Change]:
    pairs = zip(topology.vertices, changes, strict=True)
    return {vertex.name: change for vertex, change in pairs}


@pytest.fixture
def pair() -> tuple[Topology, Topology]:
    return build_topology(*tower()), build_topology(*optimized_tower())


def test_split_products_are_replaced_by_new_nodes(pair: tuple[Topology, Topology]) -> None:
    changes = compare_graphs(*pair)
    assert names(pair[0], changes.original)["fused"] is Change.REPLACED
    after = names(pair[1], changes.optimized)
    assert after["row"] is after["fused"] is after["first"] is Change.NEW


def test_what_nothing_was_made_from_is_gone(pair: tuple[Topology, Topology]) -> None:
    assert names(pair[0], compare_graphs(*pair).original)["joined"] is Change.GONE


def test_untouched_nodes_inputs_and_outputs_are_the_same(pair: tuple[Topology, Topology]) -> None:
    changes = compare_graphs(*pair)
    for topology, side in zip(pair, (changes.original, changes.optimized), strict=True):
        found = names(topology, side)
        assert {found[name] for name in ("user", "item", "flat", "active")} == {Change.SAME}


def test_one_product_links_to_all_that_was_made_from_it(pair: tuple[Topology, Topology]) -> None:
    original, optimized = ([vertex.name for vertex in one.vertices] for one in pair)
    links = {(original[a], optimized[b]) for a, b in compare_graphs(*pair).links}
    assert {("fused", "row"), ("fused", "fused")} <= links


def test_a_node_that_loses_the_candidates_runs_once_now() -> None:
    before, coloring = picture("R wide = Relu user", inputs="R user", outputs="wide")
    tiled = {"wide": replace(coloring.values["wide"], shape=("50*N", 4))}
    original = build_topology(before, Coloring(dict(coloring.values) | tiled))
    optimized = build_topology(rewritten({}, before), coloring)
    changes = compare_graphs(original, optimized)
    assert changes.original[1] is changes.optimized[1] is Change.ONCE


def test_of_a_graph_without_a_coloring_nothing_is_said_to_run_once() -> None:
    info, coloring = tower()
    changes = compare_graphs(build_topology(info, coloring), build_topology(info, None))
    assert set(changes.original) == {Change.SAME}
