from __future__ import annotations

from app.views.graph import Fold, Rewrite, draw
from app.views.graph.slices import describe_slices
from app.views.graph.topology import build_topology
from mari_engine import Action, Cost, Decision, Flops, FlopsReport, FusionLayout, Segment, Side
from support.graph_pictures import picture, tower

R, C = Side.REQUEST, Side.CANDIDATE
MIXED = FusionLayout(
    "fused",
    (Segment(0, 2, C, "item", 0), Segment(2, 6, R, "user", 0), Segment(6, 8, C, "item", 2)),
    (Segment(0, 4, R, "user", 0), Segment(4, 6, C, "item", 0), Segment(6, 8, C, "item", 2)),
)
DECISION = Decision("fused", "Gemm", Action.SPLIT, "", Flops(), Flops(), ("row", "rest"))


def optimized() -> tuple[object, ...]:
    return picture(
        """
        R row = Gemm user W_user b
        C rest = Gemm item W_item row
        C other = Gemm rest W_other
        """,
        inputs="R user, I item",
        outputs="other",
        weights=["W_user", "W_item", "W_other"],
    )


def test_each_segment_says_where_it_was() -> None:
    slices = describe_slices(MIXED, DECISION, build_topology(*optimized()))  # type: ignore[arg-type]
    assert slices["columns"] == 8
    assert slices["before"] == [[0, 2, "C", "item"], [2, 6, "R", "user"], [6, 8, "C", "item"]]
    assert slices["after"] == [
        [0, 4, "R", "user", 2], [4, 6, "C", "item", 0], [6, 8, "C", "item", 6],
    ]  # fmt: skip


def test_the_weights_are_those_of_the_nodes_that_were_made() -> None:
    slices = describe_slices(MIXED, DECISION, build_topology(*optimized()))  # type: ignore[arg-type]
    assert slices["weights"] == [
        ["R", "row", "W_user", "[4, 4]"], ["C", "rest", "W_item", "[4, 4]"],
    ]  # fmt: skip


def test_thousands_of_fragments_are_drawn_as_runs_of_one_side() -> None:
    before = tuple(Segment(at, at + 1, R if at % 10 else C, f"f{at}") for at in range(1000))
    layout = FusionLayout("fused", before, before)
    slices = describe_slices(layout, DECISION, build_topology(*tower()))
    assert len(slices["before"]) == len(slices["after"]) == 200
    assert slices["before"][1] == [1, 10, "R", "several"]


def test_the_vertex_that_was_split_and_those_made_from_it_tell_the_slices() -> None:
    info, coloring = tower()
    cost = Cost(Flops(), Flops(), {})
    decision = Decision("fused", "Gemm", Action.SPLIT, "", Flops(), Flops(), ("active",))
    rewrite = Rewrite(info, coloring, (decision,), FlopsReport(cost, cost), 500, (MIXED,))
    drawing = draw(info, coloring, rewrite, Fold.FLAT)
    assert drawing.describe(0, 5)["slices"]["columns"] == 8
    assert "slices" not in drawing.describe(0, 6)
