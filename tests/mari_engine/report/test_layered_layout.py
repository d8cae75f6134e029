from __future__ import annotations

import itertools
import random

import pytest

from mari_engine.report.layered_layout import GAP, LayeredLayout, place_layers, spread_row


def random_edges(seed: int, count: int, reach: int) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    return [
        (chance.randrange(max(0, head - reach), head), head)
        for head in range(1, count)
        for _ in range(2)
    ]


def rows(layers: LayeredLayout) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for item, row in enumerate(layers.row):
        found.setdefault(row, []).append(item)
    return found


def test_nothing_has_no_place() -> None:
    assert place_layers([], []) == LayeredLayout((), (), {})


def test_a_chain_is_one_column() -> None:
    layers = place_layers([100] * 4, [(0, 1), (1, 2), (2, 3)])
    assert layers.row == (0, 1, 2, 3)
    assert layers.x == (0, 0, 0, 0)


def test_a_late_input_stands_right_above_what_takes_it() -> None:
    layers = place_layers([100] * 5, [(0, 1), (1, 2), (2, 4), (3, 4)])
    assert layers.row[3] == layers.row[4] - 1


def test_a_long_edge_bends_in_every_row_that_it_passes() -> None:
    layers = place_layers([100] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert [row for row, _ in layers.bends[0, 3]] == [1, 2]
    assert all(abs(x - layers.x[1]) > 50 for _, x in layers.bends[0, 3])


def test_an_edge_against_the_flow_bends_upwards_and_shapes_nothing() -> None:
    layers = place_layers([100] * 3, [(0, 1), (1, 2), (2, 0)])
    assert layers.row == (0, 1, 2)
    assert [row for row, _ in layers.bends[2, 0]] == [1]


def test_crossed_branches_are_uncrossed() -> None:
    layers = place_layers([100] * 4, [(0, 3), (1, 2)])
    left, right = (0, 1) if layers.x[0] < layers.x[1] else (1, 0)
    assert layers.x[{0: 3, 1: 2}[left]] < layers.x[{0: 3, 1: 2}[right]]


def test_a_wide_rank_takes_several_rows() -> None:
    layers = place_layers([100] * 101, [(at, 100) for at in range(100)])
    assert max(len(row) for row in rows(layers).values()) <= 12
    assert layers.row[100] == max(layers.row)


@pytest.mark.parametrize("seed", range(20))
def test_edges_go_down_and_nothing_overlaps(seed: int) -> None:
    edges = random_edges(seed, count=60, reach=15)
    widths = [random.Random(seed).choice([80, 150, 220]) for _ in range(60)]
    layers = place_layers(widths, edges)
    assert all(layers.row[tail] < layers.row[head] for tail, head in edges)
    for row in rows(layers).values():
        ordered = sorted(row, key=lambda item: layers.x[item])
        for left, right in itertools.pairwise(ordered):
            room = (widths[left] + widths[right]) / 2 + GAP
            assert layers.x[right] - layers.x[left] >= room - 1e-6


def test_the_same_graph_is_always_placed_the_same() -> None:
    edges = random_edges(3, count=200, reach=30)
    assert place_layers([120] * 200, edges) == place_layers([120] * 200, list(edges))


def test_items_that_want_one_place_stand_around_it() -> None:
    x = [0.0] * 3
    spread_row([0, 1, 2], [10.0, 10.0, 10.0], [50, 50, 50], x)
    assert x == [10 - 50 - GAP, 10, 10 + 50 + GAP]


def test_items_that_have_room_stand_where_they_want() -> None:
    x = [0.0] * 2
    spread_row([1, 0], [-500.0, 300.0], [50, 50], x)
    assert x == [300.0, -500.0]
