from __future__ import annotations

from mari_engine.report.frontier_plot import HEIGHT, WIDTH, plot_frontier
from mari_engine.types import ChosenCut, CutPoint, Frontier, Store, Way


def point(size: int, seconds: float) -> CutPoint:
    return CutPoint(Way.FOLD, size, 0, seconds, 0, ("v",) if size else (), ())


def test_marks_fall_to_the_right_on_axes_that_begin_at_zero() -> None:
    points = (point(400, 1.0), point(100, 3.0), point(0, 4.0))
    cut = ChosenCut(Frontier(500, points, points[-1], {}), points[1], (), Store.FLOAT32, ())
    plot = plot_frontier(cut)
    assert [mark.chosen for mark in plot.marks] == [False, True, False]
    most, some, none = plot.marks
    assert none.x == plot.left
    assert (some.x - plot.left) * 4 == most.x - plot.left
    assert (plot.bottom - most.y) * 4 == plot.bottom - none.y
    assert all(plot.left <= mark.x <= WIDTH and 0 <= mark.y <= HEIGHT for mark in plot.marks)
    assert plot.path.startswith("M")
    assert plot.path.count("L") == len(points) - 1


def test_a_frontier_of_nothing_is_drawn() -> None:
    only = point(0, 0.0)
    plot = plot_frontier(ChosenCut(Frontier(1, (only,), only, {}), only, (), Store.FLOAT32, ()))
    assert plot.marks[0].y == plot.bottom
