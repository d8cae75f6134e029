"""Requests that hold NaN: of NaN the original gives nothing is asked, of its numbers all is."""

from __future__ import annotations

import numpy as np

from mari_engine import Certificate, InputLabel, Labels, Role, load, verify
from mari_engine.types import Feeds
from support.builders import build

LABELS = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
FILLED = "n = IsNaN (i) k = Where (n, one, i) a = Add (k, u) "
MASKED = FILLED + "z = Mul (i, zero) y = Add (a, z)"
"""NaN for NaN: zero times NaN is none."""
LEFT_OUT = FILLED + "y = Identity (a)"
NOTE = "of a request that holds NaN or infinity the rewritten model may give numbers"


def check(first: str, second: str, *requests: Feeds) -> Certificate:
    weights = {"one": np.float32(1), "zero": np.float32(0)}
    inputs, outputs = "float[N, 2] u, float[N, 2] i", "float[N, 2] y"
    before, after = (
        load(
            build(
                body, inputs=inputs, outputs=outputs,
                weights={name: np.asarray(value) for name, value in weights.items()},
            ),
            name="m",
        )
        for body in (first, second)
    )  # fmt: skip
    return verify(before, after, LABELS, requests=requests)


def test_what_is_multiplied_by_zero_may_be_left_out() -> None:
    found = check(MASKED, LEFT_OUT)
    assert found.passed, found.reason
    told = [note for note in found.notes if note.startswith(NOTE)]
    assert len(told) == 1
    assert "(output 'y', in " in told[0]


def test_models_that_agree_about_nan_are_told_nothing_of() -> None:
    found = check(MASKED, MASKED)
    assert found.passed
    assert not [note for note in found.notes if note.startswith(NOTE)]


def test_a_number_of_the_original_stays_one() -> None:
    found = check(LEFT_OUT, MASKED)
    assert "in only one of the models in float64" in found.reason


def test_of_a_users_own_request_nan_is_asked_too() -> None:
    own = {
        "u": np.zeros((2, 2), np.float32),
        "i": np.array([[0, np.nan], [1, 2]], np.float32),
    }
    assert check(MASKED, MASKED, own).passed
    found = check(MASKED, LEFT_OUT, own)
    assert "NaN or infinity at 1 elements" in found.reason
