"""The story of a model: which steps it has, and what each says and shows."""

from __future__ import annotations

import json

from app.views.graph import Fold, Rewrite, draw
from app.views.graph.changes import Change
from app.views.graph.scene import Graph
from app.views.graph.story import Step, tell_story
from app.views.graph.topology import Topology, build_topology
from mari_engine import Cost, Flops, FlopsReport
from support.graph_pictures import picture, tower

COST = Cost(Flops(0, 100), Flops(), {"fused": Flops(0, 100)})
HEADLINE = "The user's 4 columns were multiplied 500 times a request; now once."


def tell(*graphs: Graph) -> dict[str, Step]:
    return {step.title: step for step in tell_story(graphs, 500, HEADLINE)}


def names(topology: Topology, lit: tuple[int, ...] | None) -> list[str]:
    return [topology.vertices[at].name for at in lit or ()]


def test_a_graph_without_sides_is_only_introduced() -> None:
    (step,) = tell(Graph("Original", build_topology(tower()[0]))).values()
    assert step.caption == "6 nodes score 500 candidates in one request."
    assert (step.show, step.color) == ("left", "side")


def test_before_the_rewrite_the_story_ends_where_the_sides_meet() -> None:
    topology = build_topology(*tower())
    steps = tell(Graph("Original", topology))
    assert list(steps) == ["The model", "Two sides", "Where they meet"]
    assert steps["Two sides"].caption == (
        "1 node depends on the request alone, 1 on the item alone, and 4 on both."
    )
    meeting = steps["Where they meet"]
    assert "at 1 node." in meeting.caption
    assert names(topology, meeting.lit[0]) == ["joined"]


def test_what_now_runs_once_is_shown_in_the_rewritten_graph() -> None:
    after = build_topology(
        *picture(
            """
            R wide = Relu user
            I flat = Relu item
            R share = MatMul wide W
            C each = MatMul flat W
            C fused = Add share each
            """,
            inputs="R user, I item",
            outputs="fused",
            weights=["W"],
        )
    )
    same, new = Change.SAME, Change.NEW
    changes = (same, same, same, same, new, new, new, same)
    before = build_topology(*tower())
    steps = tell(
        Graph("Original", before, COST, (same,) * 9), Graph("Optimized", after, COST, changes)
    )
    assert list(steps) == [
        "The model", "Two sides", "Where they meet", "Computed once", "The result"
    ]  # fmt: skip
    assert "50 kFLOP" in steps["The model"].caption
    once = steps["Computed once"]
    assert (once.show, once.lit[0]) == ("right", None)
    assert names(after, once.lit[1]) == ["share"]
    assert once.caption.startswith("1 node of the rewritten graph runs once per request")
    assert (steps["The result"].caption, steps["The result"].show) == (HEADLINE, "both")


def test_a_model_that_is_left_as_it_was_has_nothing_computed_once() -> None:
    topology = build_topology(*tower())
    graph = Graph("Original", topology, COST, (Change.SAME,) * 9)
    assert "Computed once" not in tell(graph, graph)


def test_the_component_is_given_the_story() -> None:
    info, coloring = tower()
    rewrite = Rewrite(info, coloring, (), FlopsReport(COST, COST), 500, headline=HEADLINE)
    scene = json.loads(draw(info, coloring, rewrite, Fold.PARTS).scene.text)
    assert [step["title"] for step in scene["story"]][-1] == "The result"
    assert {len(step["lit"]) for step in scene["story"]} == {2}
