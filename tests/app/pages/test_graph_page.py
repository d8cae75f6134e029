from __future__ import annotations

import json
from typing import Any

import pytest

import mari_engine as mari
import sample_models
from app.components.graph.drawings import describe_selected, make_drawing
from app.services import engine_cache, start_node_measures
from app.session import CONTRACTS, Opened, Options, Work
from app.views.graph import Fold
from support.app_visits import CONFIRMED, LABELS, LONG, ended, visit
from support.builders import ranking_tower


@pytest.fixture
def tower() -> Work:
    """A model is open; its labels are proposals."""
    work = Work()
    model = mari.load(ranking_tower(user=400, item=40, hidden=64), name="tower")
    work.open(Opened(model, "key", "tower.onnx"), LABELS)
    return work


@pytest.fixture
def rewritten(tower: Work) -> Work:
    """The labels are confirmed; whether the rewrite is right is not looked at here."""
    tower.confirm(Options(), ended(lambda progress: None), CONFIRMED)
    return tower


def drawn(app: Any) -> Any:
    """The document that the graph component was given."""
    (graph,) = [one for one in app.get("bidi_component") if "scene" in one.proto.json]
    data = json.loads(graph.proto.json)
    return {**data, "scene": json.loads(data["scene"])}


def test_without_a_model_the_way_leads_back() -> None:
    app = visit("graph", Work())
    assert "Choose a model first\\." in app.markdown[-1].value


def test_before_the_labels_are_confirmed_there_is_the_original(tower: Work) -> None:
    app = visit("graph", tower)
    data = drawn(app)
    assert [pane["title"] for pane in data["scene"]["panes"]] == ["Original · 4 nodes"]
    assert data["scene"]["panes"][0]["sides"].startswith("RI")
    assert data["choices"]["measures"] == ""


def test_confirmed_labels_show_both_graphs(rewritten: Work) -> None:
    data = drawn(visit("graph", rewritten))
    left, right = data["scene"]["panes"]
    assert left["title"].startswith("Original · 4 nodes · ")
    assert "-" in left["changes"]
    assert set(right["changes"]) >= {"+", "="}
    assert "S" in data["scene"]["decisions"]["actions"]


def test_labels_that_do_not_fit_are_one_line(tower: Work) -> None:
    tower.relabel(mari.Labels({"user": mari.InputLabel(role=mari.Role.USER)}))
    app = visit("graph", tower)
    assert len(app.error) == 1
    assert "item" in app.error[0].value


def test_a_link_chooses_how_to_fold(tower: Work) -> None:
    app = visit("graph", tower)
    assert drawn(app)["choices"]["fold"] == Fold.PARTS
    app.query_params["fold"] = Fold.FLAT
    app.run()
    assert drawn(app)["choices"]["fold"] == Fold.FLAT
    assert drawn(app)["scene"]["panes"][0]["boxes"] == [""]


def test_nodes_can_be_measured(rewritten: Work) -> None:
    assert rewritten.opened is not None
    assert rewritten.confirmed is not None
    assert drawn(visit("graph", rewritten))["choices"]["measures"] == "possible"
    plan = engine_cache.make_plan(rewritten.opened, rewritten.confirmed, rewritten.options)
    job = start_node_measures(plan)
    rewritten.measure_nodes(job)
    job.wait(LONG)
    data = drawn(visit("graph", rewritten))
    assert data["choices"]["measures"] == "done"
    assert all(sum(pane["times"]) > 0 for pane in data["scene"]["panes"])
    drawing = make_drawing(rewritten, Fold.PARTS)
    timed = [row for row in drawing.rows() if row["Operator"] == "Gemm"]
    assert len(timed) > 2
    assert all(row["Time (µs)"] for row in timed)
    operators = [vertex.op for vertex in drawing.graphs[0].topology.vertices]
    assert drawing.describe(0, operators.index("Gemm"))["meter"][0][0] == "As exported"


def test_a_vertex_tells_what_its_weights_hold(rewritten: Work) -> None:
    drawing = make_drawing(rewritten, Fold.PARTS)
    names = [vertex.name for vertex in drawing.graphs[1].topology.vertices]
    made = next(at for at, name in enumerate(names) if name.endswith("Gemm"))
    found = describe_selected(rewritten, drawing, 1, made)
    assert sum(found["weights"][0]["counts"]) > 1000
    assert found["slices"]["columns"] == 440


@pytest.mark.parametrize("signature", CONTRACTS)
@pytest.mark.parametrize("name", ["paper_tower", "din", "two_tower"])
def test_both_graphs_of_a_sample_tell_their_sides(name: str, signature: mari.Signature) -> None:
    """Inputs whose first row a rewrite cuts are not asked about again, as a history might be."""
    work = Work()
    labels = mari.Labels.from_json(sample_models.labels_path(name).read_text())
    located = mari.propose_axes(mari.load(sample_models.sample_path(name)), labels)
    work.open(Opened(mari.load(sample_models.sample_path(name)), name, f"{name}.onnx"), located)
    options = Options(signature=signature)
    work.confirm(options, ended(lambda progress: None), located.confirmed())
    drawing = make_drawing(work, Fold.PARTS)
    rows = drawing.rows()
    inside = {"/Mul"}  # a weighted sum is colored as one product
    assert {row["Node"] for row in rows if not row["Side"]} <= inside
    once = [row for row in rows if row["Change"] == "now runs once per request"]
    assert {row["Side"] for row in once} <= {"R · request"}
    colors = (color for graph in drawing.graphs for color in graph.topology.colors.values())
    assert not any("#" in str(extent) for color in colors for extent in color.shape or ())


def test_the_page_says_in_one_sentence_what_the_rewrite_is_worth(rewritten: Work) -> None:
    (told,) = [one.value for one in visit("graph", rewritten).markdown if "FLOP →" in one.value]
    assert "400 columns were multiplied 500 times a request" in told
