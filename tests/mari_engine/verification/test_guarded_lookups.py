"""Lookups that only the optimized model guards: what the check asks of ids below 0, and of none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine import Certificate, InputLabel, Labels, Role, load, verify
from support.builders import build

RNG = np.random.default_rng(5)
HELD: dict[str, Any] = {
    "T": RNG.standard_normal((4, 2)).astype(np.float32),
    "W": RNG.standard_normal((4, 1)).astype(np.float32),
    "axis": np.array([1]),
    "zero": np.int64(0),
    "rows": np.int64(4),
    "fewer": np.int64(3),
    "least": np.int64(-5),
    "none": np.int64(2**31 - 1),
}
PLAIN = ""
MOVED = "below = Less (i, zero) up = Add (i, ROWS) place = Where (below, up, i)"
HELD_IN = """
    above = Less (least, i) under = Less (i, rows) inside = And (above, under)
    place = Where (inside, i, OTHER)
"""


def model(place: str) -> bytes:
    """Return a score of a user's row and the row of an id."""
    at = "place" if place else "i"
    score = f"r = Gather (T, {at}) c = Concat <axis = 1> (u, r) s = MatMul (c, W)"
    inputs = "float[N, 2] u, int64[N] i"
    return build(f"{place} {score}", inputs=inputs, outputs="float[N, 1] s", weights=HELD)


def check(place: str) -> Certificate:
    labels = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
    return verify(load(model(PLAIN)), load(model(place)), labels)


def test_ids_below_0_are_tried_where_only_the_optimized_model_asks_for_them() -> None:
    assert check(MOVED.replace("ROWS", "rows")).passed
    assert not check(MOVED.replace("ROWS", "fewer")).passed


def test_a_choice_of_no_row_is_a_refusal_and_no_branch() -> None:
    assert check(HELD_IN.replace("OTHER", "none")).passed


@pytest.mark.parametrize("other", ["zero", "fewer"])
def test_a_choice_of_a_row_is_a_branch_that_no_valid_request_takes(other: str) -> None:
    found = check(HELD_IN.replace("OTHER", other))
    assert not found.passed
    assert "none of the original's" in found.reason
