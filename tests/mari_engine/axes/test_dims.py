"""Extents that may be symbols: arithmetic, comparison, refinement."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mari_engine.axes import (
    Axis,
    Size,
    Unsupported,
    align,
    flat,
    is_one,
    positions,
    show,
    size,
    static,
)

n = Size(1, ("N",))


def test_products_and_quotients_cancel() -> None:
    assert (n * 6) // n == 6
    assert ((n * 6) // 2).same(Size(3, ("N",)))  # type: ignore[union-attr]
    assert (n * n) // n == n
    assert 0 * n == 0


def test_like_extents_add_and_subtract() -> None:
    assert n * 2 + n * 3 == n * 5
    assert n - n == 0
    assert n + 0 == n
    assert 0 + n == n


def test_unlike_extents_are_refused_by_reason() -> None:
    with pytest.raises(Unsupported, match="the extents N and 1 are added"):
        _ = n + 1
    with pytest.raises(Unsupported, match="the extent 3 is divided by N"):
        _ = 3 // n
    with pytest.raises(Unsupported, match=r"the extent 3\*N is divided by 2"):
        _ = (n * 3) // 2
    with pytest.raises(Unsupported, match="the extent N is known only at run time"):
        int(n)


def test_equality_is_never_guessed() -> None:
    assert n == Size(1, ("N",))
    assert n != -1
    assert n != 0
    for other in (1, 5, Size(1, ("L",))):
        with pytest.raises(Unsupported, match="known only at run time"):
            _ = n == other


def test_comparisons_use_that_an_extent_is_at_least_one() -> None:
    assert n >= 1
    assert n > 0
    assert n * 4 > 3
    assert not n < n
    assert n * 2 > n
    asks: list[Callable[[], bool]] = [lambda: n > 1, lambda: n >= 2, lambda: n < 5]
    asks.append(lambda: n * 2 > Size(1, ("L",)))
    for ask in asks:
        with pytest.raises(Unsupported, match="known only at run time"):
            ask()


def test_axes_are_products_of_factors() -> None:
    axis: Axis = ("N", 3, 4)
    assert size(axis).same(Size(12, ("N",)))
    assert static(axis) is None
    assert static((3, 4)) == 12
    assert is_one(())
    assert not is_one(("N",))
    assert show(axis) == "12*N"


def test_positions_count_factors_across_axes() -> None:
    axes = ((), ("N", 2), (3,))
    assert flat(axes) == ("N", 2, 3)
    assert positions(axes) == ((), (0, 1), (2,))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((), (), ()),
        ((6,), (2, 3), (2, 3)),
        ((2, 6), (4, 3), (2, 2, 3)),
        (("N", 6), ("N", 2, 3), ("N", 2, 3)),
        ((1, 4), (4,), (4,)),
    ],
)
def test_align_refines_both(left: Axis, right: Axis, expected: Axis) -> None:
    assert align(left, right) == expected
    assert align(right, left) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3, 2)),
        ((2,), (3,)),
        (("N", 2), (2, "N")),
        (("N",), (4,)),
        ((4,), (2,)),
        ((0,), (2,)),
    ],
)
def test_align_refuses_what_interleaves(left: Axis, right: Axis) -> None:
    with pytest.raises(Unsupported, match=r"an axis of .* meets one of "):
        align(left, right)


def test_an_extent_that_is_squared_again_and_again_is_refused() -> None:
    power = Size(1, ("L",) * 64)
    with pytest.raises(Unsupported, match="more than 64 factors"):
        power * power
