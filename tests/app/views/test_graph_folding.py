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
        "user": "User features", "wide": "User features", "item": "Item features",
        "flat": "Item features", "joined": "Fusion layer", "fused": "Fusion layer",
        "active": "Head", "final": "Head", "→final": "",
    }  # fmt: skip


def parts(lines: str, outputs: str) -> dict[str, str]:
    info, coloring = picture(lines, inputs="R user, I item", outputs=outputs)
    topology = build_topology(info, coloring)
    return boxes(topology, fold_graph(topology, Fold.PARTS))


def test_experts_gates_and_heads_are_told_apart() -> None:
    lines = ["C joined = Concat user item"]
    for at in (1, 2):
        lines += [f"C p{at} = MatMul joined W", f"C r{at} = Relu p{at}"]
    lines.append("C mixed = Concat r1 r2")
    for task in ("ctr", "cvr"):
        lines += [
            f"C g{task} = MatMul joined W",
            f"C s{task} = Softmax g{task}",
            f"C m{task} = Mul s{task} mixed",
            f"C t{task} = ReduceSum m{task}",
            f"C h{task} = Gemm t{task} W",
            f"C {task} = Sigmoid h{task}",
        ]
    found = parts("\n".join(lines), "ctr cvr")
    assert found["joined"] == found["mixed"] == ""
    assert (found["p1"], found["r2"]) == ("Expert 1", "Expert 2")
    for task in ("ctr", "cvr"):
        assert {found[name + task] for name in "gsmt"} == {f"Gate {task}"}
        assert found[f"h{task}"] == found[task] == f"Head {task}"


def test_many_parts_of_a_kind_share_a_box() -> None:
    lines = ["C joined = Concat user item"]
    for at in range(3):
        lines += [f"C p{at} = MatMul joined W", f"C r{at} = Relu p{at}"]
    lines += ["C sum = Sum r0 r1 r2", "C out = Sigmoid sum"]
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="out")
    folding = fold_graph(build_topology(info, coloring), Fold.PARTS)
    experts = [box for box in folding.boxes if box.name.startswith("Expert ")]
    assert len(experts) == 3
    assert {folding.boxes[box.parent].name for box in experts} == {"Experts"}


def test_three_single_nodes_where_the_sides_meet_share_a_box() -> None:
    lines = [f"R u{at} = MatMul user W" for at in range(3)]
    lines += [f"C f{at} = Gemm item W u{at}" for at in range(3)]
    lines += ["C out = Sum f0 f1 f2"]
    found = parts("\n".join(lines), "out")
    assert {found[f"f{at}"] for at in range(3)} == {"Fusion layers"}
    fewer = [line.replace(" f2", "") for line in lines if " f2 =" not in line]
    assert parts("\n".join(fewer), "out")["f0"] == ""


def test_a_kind_whose_name_is_a_plural_stays_as_it_is() -> None:
    lines = ["C joined = Concat user item"]
    for at, ops in enumerate((("Relu",), ("Relu", "Tanh"), ("Tanh",))):
        lines.append(f"C b{at}_0 = MatMul joined W")
        lines += [f"C b{at}_{step} = {op} b{at}_{step - 1}" for step, op in enumerate(ops, 1)]
    lines += ["C sum = Sum b0_1 b1_2 b2_1", "C out = Sigmoid sum"]
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="out")
    names = {box.name for box in fold_graph(build_topology(info, coloring), Fold.PARTS).boxes}
    assert {"Deep layers", "Deep layers 1", "Deep layers 3"} <= names


def test_attention_over_a_history_is_one_part() -> None:
    found = parts(
        """
        R keys = MatMul user W
        R values = MatMul user W
        I query = MatMul item W
        C scores = MatMul query keys
        C weights = Softmax scores
        C summed = MatMul weights values
        C joined = Concat summed item user
        C fused = Gemm joined W
        C out = Sigmoid fused
        """,
        "out",
    )
    assert {found[name] for name in ("scores", "weights", "summed")} == {"Attention over history"}
    assert found["keys"] == "User tower"
    assert found["query"] == "Item tower"


def test_attention_by_a_network_without_a_softmax_is_one_part() -> None:
    found = parts(
        """
        C met = Concat user item
        C hidden = Gemm met W
        C active = Relu hidden
        C weights = Gemm active W
        C summed = MatMul weights user
        C joined = Concat summed item user
        C fused = Gemm joined W
        """,
        "fused",
    )
    assert {found[name] for name in ("met", "active", "summed")} == {"Attention over history"}


def test_a_gate_whose_bias_is_the_users_is_a_gate() -> None:
    found = parts(
        """
        R bias = MatMul user W
        C scores = Gemm item W bias
        C weights = Softmax scores
        C values = Concat user item
        C mixed = MatMul weights values
        C out = Gemm mixed W
        """,
        "out",
    )
    assert {found[name] for name in ("scores", "weights", "mixed")} == {"Gate"}


def test_a_history_encoder_is_told_from_other_features() -> None:
    found = parts(
        """
        R keys = MatMul user W
        R scores = MatMul user keys
        R weights = Softmax scores
        R encoded = MatMul weights user
        R pooled = ReduceSum encoded
        C joined = Concat pooled item
        C fused = Gemm joined W
        """,
        "fused",
    )
    assert {found[name] for name in ("user", "keys", "pooled")} == {"History encoder"}


def test_cross_layers_are_told_by_what_they_add_and_scale() -> None:
    found = parts(
        """
        C x0 = Concat user item
        C w1 = Gemm x0 W
        C m1 = Mul x0 w1
        C x1 = Add m1 x0
        C v2 = MatMul x1 W
        C w2 = MatMul v2 W
        C m2 = Mul w2 x0
        C x2 = Add x1 m2
        C deep = Gemm x0 W
        C active = Relu deep
        C ends = Concat x2 active
        C out = Gemm ends W
        """,
        "out",
    )
    assert {found[name] for name in ("w1", "m1", "x1")} == {"Cross layer 1"}
    assert {found[name] for name in ("v2", "w2", "m2", "x2")} == {"Cross layer 2"}
    assert found["deep"] == found["active"] == "Deep layers"
    assert found["ends"] == found["out"] == "Head"


def test_what_only_follows_a_part_belongs_to_it() -> None:
    found = parts(
        """
        C a = Concat user item
        C b = Gemm a W
        C c = Relu b
        C d = Softmax c
        C e = Concat d user
        C f = Gemm e W
        """,
        "f",
    )
    assert found["b"] == found["c"] == found["d"] == "Fusion layer 1"
    assert found["e"] == found["f"] == "Fusion layer 2"


def test_constants_go_with_what_takes_them() -> None:
    lines = [f"K k{at} = Shape item" for at in range(6)]
    lines.append("R wide = Expand user " + " ".join(f"k{at}" for at in range(6)))
    lines.append("R more = Relu wide")
    info, coloring = picture("\n".join(lines), inputs="R user, I item", outputs="more")
    topology = build_topology(info, coloring)
    folding = fold_graph(topology, Fold.PARTS)
    box = folding.boxes[folding.box_of[2]]
    assert box.name == "Shapes and constants"
    assert folding.boxes[box.parent].name == "User features"


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
    assert split_parallel(range(6), before, begins={3}) == [[0, 2], [1], [3], [4, 5]]
