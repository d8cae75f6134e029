"""How extents are matched when a tensor is shown in another shape; layouts as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.axes import (
    Axis,
    Dim,
    Run,
    Size,
    Unsupported,
    canonical_layouts,
    common_layout,
    cut_group,
    cut_groups,
    dimension_order,
    match_factors,
    static_shape,
    with_ones_behind,
)
from mari_engine.ops.shape import match

N = Size(1, ("N",))


@pytest.mark.parametrize(
    ("dims", "targets", "sequence", "groups"),
    [
        (["N", 6], [N, Size(2), Size(3)], ["N", 2, 3], [("N",), (2,), (3,)]),
        (["N", 2, 3], [Size(2, ("N",)), Size(3)], ["N", 2, 3], [("N", 2), (3,)]),
        ([6, "N"], [Size(2), Size(3, ("N",))], [2, 3, "N"], [(2,), (3, "N")]),
        ([2, 3], [Size(3), Size(2)], [3, 2], [(3,), (2,)]),
        (["N", 4], [Size(), N, Size(4), Size()], ["N", 4], [(), ("N",), (4,), ()]),
        ([], [Size()], [], [()]),
    ],
)
def test_targets_take_their_share(
    dims: list[Dim], targets: list[Size], sequence: list[Dim], groups: list[Axis]
) -> None:
    assert match(dims, targets) == (sequence, groups)


@pytest.mark.parametrize(
    ("dims", "targets", "reason"),
    [
        ([6], [Size(2)], "3 elements are left over"),
        ([2], [Size(2), Size(3)], "too few elements for an extent of 3"),
        (["N", 4], [Size(4), N], "the axis N is interleaved with others"),
        (["N", "L"], [Size(1, ("L",)), N], "the axis N is interleaved with others"),
        ([3, "N", 2], [Size(2), Size(3, ("N",))], "an extent of 2 cuts across axes"),
    ],
)
def test_what_does_not_fit_is_refused(dims: list[Dim], targets: list[Size], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        match(dims, targets)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("N", 6), ("N", 2, 3), [((0,), (0,)), ((1,), (1, 2))]),
        ((2, 3), (3, 2), [((0, 1), (0, 1))]),
        ((1, "N"), ("N", 1), [((0,), ()), ((1,), (0,)), ((), (1,))]),
        ((4, 3, "N"), (2, 6, "N"), [((0, 1), (0, 1)), ((2,), (2,))]),
        (("N", 2, 3), ("N", 6), [((0,), (0,)), ((1, 2), (1,))]),
    ],
)
def test_runs_of_factors_hold_the_same_elements(old: Axis, new: Axis, expected: list[Run]) -> None:
    assert match_factors(old, new) == expected


def test_unequal_factors_have_no_matching() -> None:
    with pytest.raises(Unsupported, match="cannot be shown as"):
        match_factors((2, 3), (2, 2))


def test_groups_are_cut_only_where_labels_part() -> None:
    assert cut_groups(((0, 1), (2,)), ((2,), (0, 1))) == ((0, 1), (2,))
    assert cut_groups(((0, 1), (2,)), ((1,), (0, 2))) == ((0,), (1,), (2,))
    assert cut_groups(((0,), (), (1,)), ((0,), (1,))) == ((0,), (), (1,))


def test_dimensions_move_to_their_places() -> None:
    assert dimension_order(((0, 1), (2,)), ((2,), (0, 1))) == [1, 0]
    assert dimension_order(((0,), (), (1,)), ((0,), (1,))) == [0, 1, 2]
    assert dimension_order(((1,), (), (0,)), ((0,), (1,))) == [2, 0, 1]


def test_a_common_layout_holds_all_labels_and_no_group_is_half_there() -> None:
    layouts = [((0,), (1, 2)), ((0,), (1,)), ((2,),)]
    found = common_layout(layouts)
    assert sorted(label for group in found for label in group) == [0, 1, 2]
    for layout in layouts:
        held = {label for group in layout for label in group}
        assert all(set(group) <= held or not set(group) & held for group in found)


def test_a_group_is_parted_between_what_goes_and_what_stays() -> None:
    assert cut_group((0, 1, 2, 3), frozenset({1, 2})) == [(0,), (1, 2), (3,)]
    assert cut_group((), frozenset({1})) == [()]


def test_layouts_that_differ_in_names_only_are_numbered_alike() -> None:
    first = canonical_layouts(((4,), (7,)), ((7,), (4,)), {4: "N", 7: 3})
    second = canonical_layouts(((1,), (0,)), ((0,), (1,)), {1: "N", 0: 3})
    assert first == second


def test_a_shape_is_the_product_of_each_group() -> None:
    assert static_shape(((0, 1), (), (2,)), {0: 2, 1: 3, 2: 4}) == [6, 1, 4]
    assert int(np.prod(static_shape((), {}) or [1])) == 1


def test_ones_behind_what_is_reduced_go_with_it() -> None:
    assert with_ones_behind([1], ((0,), (1,), (), ())) == [1, 2, 3]
    assert with_ones_behind([0, 3], ((0,), (), (1,), (2,))) == [0, 1, 3]
    assert with_ones_behind([1], ((), (0,), (1,), ())) == [1]
