from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.session import NodeMeasures
from app.views.graph import Fold, Rewrite, Scene, clean, draw, relabel
from app.views.graph.details import LONGEST
from app.views.graph.legends import list_marks
from app.views.graph.product_measures import describe_product
from app.views.graph.scene import Graph, make_scene
from app.views.graph.topology import build_topology
from mari_engine import (
    Action,
    Coloring,
    Cost,
    Decision,
    Flops,
    FlopsReport,
    InputBinding,
    InputLabel,
    Interface,
    Labels,
    Measurement,
    ProductMeasure,
    Role,
    Signature,
)
from support.graph_pictures import picture, tower

SPLIT = Decision(
    "fused", "Gemm", Action.SPLIT, "two sides", Flops(0, 100), Flops(60, 40), ("fused", "row")
)


def read(scene: Scene) -> Any:
    return json.loads(scene.text)


def rewrite() -> Rewrite:
    info, coloring = tower()
    before = Cost(Flops(0, 100), Flops(), {"fused": Flops(0, 100)})
    after = Cost(Flops(60, 40), Flops(), {"fused": Flops(60, 40)})
    return Rewrite(info, coloring, (SPLIT,), FlopsReport(before, after), 500)


def test_a_scene_names_sides_by_letter() -> None:
    pane = read(make_scene([Graph("", build_topology(*tower()))], fold=Fold.PARTS))["panes"][0]
    assert pane["sides"] == "RIRICCCCC"
    assert pane["kinds"] == "iinnnnnno"
    assert pane["edges"]["sides"][0] == "R"


def test_columns_are_as_long_as_the_items() -> None:
    pane = read(make_scene([Graph("", build_topology(*tower()))], fold=Fold.PARTS))["panes"][0]
    items = len(pane["names"]) + len(pane["boxes"])
    assert {len(pane[key]) for key in ("parent", "lane")} == {items}
    vertices = len(pane["names"])
    assert {
        len(pane[key]) for key in ("labels", "kinds", "sides", "flops", "tensors", "weights")
    } == {vertices}


def test_the_same_graph_has_the_same_id_and_another_has_another() -> None:
    first, again = (
        make_scene([Graph("", build_topology(*tower()))], fold=Fold.PARTS) for _ in range(2)
    )
    other = make_scene([Graph("", build_topology(tower()[0]))], fold=Fold.PARTS)
    assert first == again
    assert other.id != first.id


def test_both_graphs_stand_side_by_side_with_links_and_decisions() -> None:
    info, coloring = tower()
    scene = read(draw(info, coloring, rewrite(), Fold.PARTS).scene)
    assert [pane["title"] for pane in scene["panes"]] == [
        "Original · 6 nodes · 50 kFLOP at 500 candidates",
        "Optimized · 6 nodes · 20.1 kFLOP at 500 candidates",
    ]
    decisions = scene["decisions"]
    assert decisions["actions"] == "S"
    assert decisions["reasons"] == {"texts": ["two sides"], "codes": [0]}
    assert (decisions["before"], decisions["after"]) == ([[0, 100]], [[60, 40]])
    assert (decisions["at"], decisions["new"]) == ([5], [[5]])
    assert [5, 0] in scene["panes"][0]["decisions"]
    assert [5, 5] in scene["links"]
    assert set(scene["panes"][0]["changes"]) == {"="}


def test_details_tell_shapes_weights_and_origin() -> None:
    fused = draw(*tower(), None, Fold.FLAT).describe(0, 5)
    assert fused["takes"] == [
        ["joined", "float32 [N, 4]", "C"], ["W", "float32 [4, 4], 64 B", "W"],
    ]  # fmt: skip
    assert fused["roles"] == "item, user"
    assert fused["axis"] == 0


def test_every_letter_in_a_scene_is_in_its_legend() -> None:
    info, coloring = tower()
    scene = read(draw(info, coloring, rewrite(), Fold.PARTS).scene)
    letters = {
        overlay: {mark["letter"] for mark in marks} for overlay, marks in list_marks().items()
    }
    for pane in scene["panes"]:
        assert set(pane["sides"]) | set(pane["edges"]["sides"]) <= letters["side"]
        assert set(pane["changes"]) <= letters["change"]
    assert set(scene["decisions"]["actions"]) <= letters["decision"]


@pytest.mark.parametrize("overlay", ["side", "change", "decision", "flops"])
def test_a_legend_tells_things_by_letter_as_well_as_by_color(overlay: str) -> None:
    letters = [mark["letter"] for mark in list_marks()[overlay]]
    assert len(set(letters)) == len(letters)


def test_long_and_hidden_letters_of_names_do_not_reach_the_picture() -> None:
    name = "a\u202eb\n" + "x" * 10_000
    info, coloring = picture("R n = Relu user", inputs="R user", outputs="n")
    assert clean(name).startswith("a b ")
    assert len(clean(name)) == LONGEST
    assert (
        "\u202e"
        not in make_scene([Graph(name, build_topology(info, coloring))], fold=Fold.FLAT).text
    )


def test_rows_tell_both_graphs_one_after_the_other() -> None:
    rows = draw(*tower(), rewrite(), Fold.PARTS).rows()
    assert [row["Graph"] for row in rows] == ["Original"] * 9 + ["Optimized"] * 9
    assert (rows[5]["Decision"], rows[5]["FLOPs per candidate"]) == ("split", 100)


def test_a_compact_model_is_labelled_by_its_interface() -> None:
    labels = Labels({"x": InputLabel(role=Role.USER), "y": InputLabel(role=Role.CROSS)})
    interface = Interface(
        (
            InputBinding("x_request", "float32", (1, 4), "request", "x", (0, 1)),
            InputBinding("x_candidate", "float32", ("N", 2), "candidate", "x", (2, 3)),
            InputBinding("y", "float32", ("N", 2), "candidate", "y"),
        ),
        (),
    )
    plain = Coloring({}, {}, {})
    assert relabel(labels, interface, Signature.DROP_IN, plain) == labels
    found = relabel(labels, interface, Signature.COMPACT, plain).inputs
    assert {name: label.role for name, label in found.items()} == {
        "x_request": Role.USER, "x_candidate": Role.ITEM, "y": Role.CROSS,
    }  # fmt: skip


def test_measures_are_told_per_request() -> None:
    info, coloring = tower()
    product = ProductMeasure(
        "fused", "Gemm", Flops(0, 100), Flops(60, 30), Flops(60, 20), Flops(60, 40)
    )
    meter = Measurement("m", 500, (0,), (product,), Flops(), Flops(), Flops(), None, None, (), ())
    measures = NodeMeasures(({"fused": 2e-5}, {"fused": 5e-6}), meter)
    drawing = draw(info, coloring, replace(rewrite(), measures=measures), Fold.PARTS)
    panes = read(drawing.scene)["panes"]
    assert [pane["times"][5] for pane in panes] == [20.0, 5.0]
    assert [pane["left"] for pane in panes] == [[0, 0, 0, 0, 0, 5000, 0, 0, 0], []]
    assert [drawing.rows()[row]["Time (µs)"] for row in (0, 5, 14)] == [None, 20.0, 5.0]
    assert drawing.describe(0, 5)["meter"] == [
        ["As exported", "50 kFLOP"],
        ["Attainable", "15.1 kFLOP"],
        ["By folding, at best", "10.1 kFLOP"],
        ["Reached", "20.1 kFLOP"],
        ["Left", "5 kFLOP"],
    ]


def test_what_could_not_be_measured_says_why() -> None:
    product = ProductMeasure("fused", "Gemm", unmeasured="its shape varies")
    assert describe_product(product, 500) == [["Not measured", "its shape varies"]]


def test_nothing_measured_is_not_nought() -> None:
    info, coloring = tower()
    drawing = draw(info, coloring, rewrite(), Fold.PARTS)
    assert read(drawing.scene)["panes"][0]["times"] == []
    assert "Time (µs)" not in drawing.rows()[0]
