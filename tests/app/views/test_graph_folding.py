from __future__ import annotations

from collections import Counter

import pytest

from app.views.graph import Fold, has_scopes
from app.views.graph.folding import LIMIT, Folding, fold_graph
from app.views.graph.model_parts import split_parallel
from app.views.graph.topology import Kind, Topology, build_topology
from support.graph_pictures import chain, picture, tower


def boxes(topology: Topology, folding: Folding) -> dict[str, str]:
    """The box around each vertex, by name; outputs are marked with an arrow."""
    return {
        ("→" if vertex.kind is Kind.OUTPUT else "") + vertex.name: folding.boxes[box].name
        for vertex, box in zip(topology.vertices, folding.box_of, strict=True)
    }


def test_a_tower_folds_into_what_mari_sees() -> None:
    topology = build_topology(*tower())
    found = boxes(topology, fold_graph(topology, Fold.PARTS))
    assert found == {
        "user": "Request tower", "wide": "Request tower", "item": "Item tower",
        "flat": "Item tower", "joined": "Fusion layer 1", "fused": "Fusion layer 1",
        "active": "Head", "final": "Head", "→final": "",
    }  # fmt: skip


def test_experts_and_heads_are_told_apart() -> None:
    lines = ["C joined = Concat user item"]
    for at in (1, 2):
        lines += [
            f"C p{at} = MatMul joined W",
            f"C r{at} = Relu p{at}",
            f"C e{at} = MatMul r{at} W",
        ]
    lines += ["C mixed = Concat e1 e2"]
    for head in ("ctr", "cvr"):
        lines += [f"C h{head} = MatMul mixed W", f"C {head} = Sigmoid h{head}"]
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="ctr cvr")
    topology = build_topology(info, coloring)
    found = boxes(topology, fold_graph(topology, Fold.PARTS))
    assert found["p1"] == found["p2"] == "Fusion layer 1"
    assert (found["e1"], found["e2"]) == ("Expert 1", "Expert 2")
    assert found["hctr"] == "Head ctr"
    assert found["hcvr"] == "Head cvr"


def test_what_lies_between_two_fusion_layers_is_named_after_the_first() -> None:
    info, coloring = picture(
        """
        C a = Concat user item
        C b = Gemm a
        C c = Relu b
        C d = Softmax c
        C e = MatMul d user
        C f = Sigmoid e
        """,
        inputs="R user, I item",
        outputs="f",
    )
    topology = build_topology(info, coloring)
    found = boxes(topology, fold_graph(topology, Fold.PARTS))
    assert found["c"] == found["d"] == "Behind fusion layer 1"


def test_many_fusion_products_side_by_side_share_a_box() -> None:
    lines = [f"C g{at} = Gemm item W user" for at in range(6)]
    lines.append("C out = Sum " + " ".join(f"g{at}" for at in range(6)))
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="out")
    topology = build_topology(info, coloring)
    found = boxes(topology, fold_graph(topology, Fold.PARTS))
    assert {found[f"g{at}"] for at in range(6)} == {"Fusion products"}


def test_constants_go_with_what_takes_them() -> None:
    lines = [f"K k{at} = Shape item" for at in range(6)]
    lines.append("R wide = Expand user " + " ".join(f"k{at}" for at in range(6)))
    lines.append("R more = Relu wide")
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="more")
    topology = build_topology(info, coloring)
    folding = fold_graph(topology, Fold.PARTS)
    box = folding.boxes[folding.box_of[2]]
    assert box.name == "Shapes and constants"
    assert folding.boxes[box.parent].name == "Request tower"


def test_an_uncolored_graph_still_folds() -> None:
    topology = build_topology(tower()[0])
    assert set(boxes(topology, fold_graph(topology, Fold.PARTS)).values()) == {"Graph", ""}


def test_scopes_become_boxes_without_what_all_share() -> None:
    info, coloring = picture(
        """
        R a@model/user/emb = Gather user
        R b@model/user/mlp = Gemm a
        R c@model/user/mlp = Relu b
        I d@model/item = Gemm item
        I e@model/item = Relu d
        """,
        inputs="R user, I item",
        outputs="c e",
    )
    topology = build_topology(info, coloring)
    folding = fold_graph(topology, Fold.SCOPES)
    found = boxes(topology, folding)
    assert (found["b"], found["c"], found["d"]) == ("mlp", "mlp", "item")
    mlp = next(box for box in folding.boxes if box.name == "mlp")
    assert folding.boxes[mlp.parent].name == "user"
    assert found["a"] == "user"  # a module of one node is not worth a box


@pytest.mark.parametrize(("scope", "known"), [("m/{}", True), ("", False), ("same", False)])
def test_scopes_are_known_when_names_tell_of_several(scope: str, known: bool) -> None:
    assert has_scopes(chain(10, scope=scope)[0].nodes) is known


@pytest.mark.parametrize("fold", [Fold.PARTS, Fold.SCOPES])
@pytest.mark.parametrize("scope", ["", "block{}", "deep/er/{}"])
def test_no_box_opens_onto_more_than_the_limit(fold: Fold, scope: str) -> None:
    topology = build_topology(*chain(1500, scope=scope))
    folding = fold_graph(topology, fold)
    inside = Counter(folding.box_of) + Counter(box.parent for box in folding.boxes)
    if scope == "" or fold is Fold.PARTS:
        assert max(inside.values()) <= LIMIT + 1
    assert all(box.parent < at for at, box in enumerate(folding.boxes))


def test_flat_folds_nothing() -> None:
    topology = build_topology(*tower())
    assert fold_graph(topology, Fold.FLAT).boxes == fold_graph(topology, Fold.FLAT).boxes[:1]


def test_branches_split_where_they_meet() -> None:
    before: list[list[int]] = [[], [], [0], [1], [2, 3], [4]]
    assert split_parallel(range(6), before) == [[0, 2], [1, 3], [4, 5]]
