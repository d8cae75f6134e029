from __future__ import annotations

from app.views.graph.flow_order import order_by_flow


def test_edges_go_forward() -> None:
    assert order_by_flow([3, 2, 1], {(1, 2): 1.0, (2, 3): 1.0}) == [1, 2, 3]


def test_what_is_ready_keeps_its_order() -> None:
    assert order_by_flow([5, 4, 6], {}) == [5, 4, 6]


def test_a_circle_breaks_at_its_lightest_edge() -> None:
    weights = {(0, 1): 1.0, (1, 2): 1.0, (2, 0): 0.01}
    assert order_by_flow([2, 1, 0], weights) == [0, 1, 2]


def test_everything_is_ordered_once() -> None:
    weights = {(at, (at * 7 + 3) % 20): 1.0 for at in range(20) if at != (at * 7 + 3) % 20}
    assert sorted(order_by_flow(range(20), weights)) == list(range(20))
