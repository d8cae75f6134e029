"""Rows of which a mask leaves no key of one side or of both, infinities, and no candidates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.joined_attention import LENGTH, JoinedAttention
from support.rewrite_checks import ARMS, Arrays, Compare, Way, wrong_rewrites

SEEN = "mc = Concat <axis = 1> (m, c) seen = Greater (mc, zero) wide_seen = Unsqueeze (seen, dims)"
CHOSEN = f"{SEEN} sm = Where (wide_seen, s, {{}}) p = Softmax <axis = -1> (sm)"
ADDED = f"""
    {SEEN} mask = Where (wide_seen, zero, {{}}) sm = Add (s, mask) p = Softmax <axis = -1> (sm)
"""
GUARDED = f"""
    {SEEN} sm = Where (wide_seen, s, {{}}) p0 = Softmax <axis = -1> (sm) broken = IsNaN (p0)
    p = Where (broken, zero, p0)
"""
AT_ROWS = """
    at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
    y = Flatten <axis = 1> (ao)
"""
LOW = {"-inf": "lowest", "-1e9": "low"}


def same_numbers(limit: float) -> Compare:
    """Return a comparison that asks for NaN at the same elements."""

    def compare(truth: np.ndarray, other: np.ndarray) -> bool:
        return np.allclose(truth, other, rtol=0, atol=limit, equal_nan=True)

    return compare


def emptied(*names: str) -> Callable[[Arrays], Arrays]:
    return lambda feeds: {**feeds, **{name: np.zeros_like(feeds[name]) for name in names}}


@pytest.mark.parametrize("low", LOW)
@pytest.mark.parametrize("weights", [CHOSEN, ADDED, GUARDED], ids=["chosen", "added", "guarded"])
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("names", ["m", "c", "mc"])
def test_no_key_of_a_side_is_seen(low: str, weights: str, targets: int, names: str) -> None:
    layer = JoinedAttention(weights=weights.format(LOW[low]), targets=targets, read=AT_ROWS)
    given = [emptied(*names)(feeds) for feeds in layer.requests()]
    assert not wrong_rewrites(layer.data, layer.labels, given, same_numbers(1e-5))


def test_some_rows_see_no_key_of_the_request() -> None:
    rows = LENGTH + 1
    seen = np.eye(rows, dtype=bool)
    seen[:, LENGTH] = True
    seen[3:9, :LENGTH] = False
    seen[7] = False
    weights = "sm = Where (pairs, s, lowest) p = Softmax <axis = -1> (sm)"
    layer = JoinedAttention(weights=weights, read=AT_ROWS, held={"pairs": seen})
    assert not wrong_rewrites(layer.data, layer.labels, layer.requests(), same_numbers(1e-5))


@pytest.mark.parametrize("name", ["h", "t"])
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("masked", [False, True])
def test_numbers_that_are_none_reach_the_same_elements(
    name: str, number: float, masked: bool
) -> None:
    weights = CHOSEN.format("lowest") if masked else "p = Softmax <axis = -1> (s)"
    layer = JoinedAttention(weights=weights, read=AT_ROWS)
    given = layer.requests()
    for feeds in given:
        feeds[name] = feeds[name].copy()
        feeds[name][:, -1, 0] = number
    assert not wrong_rewrites(layer.data, layer.labels, given, same_numbers(1e-5))


@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_large_scores_leave_one_key(scale: float) -> None:
    layer = JoinedAttention(read=AT_ROWS)
    given = [
        {name: array * np.float32(scale) for name, array in feeds.items()}
        for feeds in layer.requests()
    ]
    assert not wrong_rewrites(layer.data, layer.labels, given, same_numbers(1e-4 * scale))


@pytest.mark.parametrize("weights", ["p = Softmax <axis = -1> (s)", CHOSEN.format("lowest")])
@pytest.mark.parametrize("targets", [1, 2])
def test_a_request_may_be_without_candidates(weights: str, targets: int) -> None:
    layer = JoinedAttention(weights=weights, targets=targets)
    given, ways = layer.requests((0, 1)), (Way(), *ARMS)
    assert not wrong_rewrites(layer.data, layer.labels, given, same_numbers(1e-5), ways=ways)
