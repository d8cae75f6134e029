"""Requests on which a float16 model exceeds its type: where a runtime rounds decides all."""

from __future__ import annotations

import numpy as np

from mari_engine import InputLabel, Labels, Model, Role, load, verify
from support.builders import build

LABELS = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
PLAIN = "p = Mul (u, i) q = Mul (p, large) y = Mul (q, small)"
ROUNDED = (
    "p = Mul (u, i) q = Mul (p, large) a = Transpose <perm = [1, 0]> (q) "
    "b = Gather <axis = 0> (a, order) c = Transpose <perm = [1, 0]> (b) y = Mul (c, small)"
)


def model(body: str) -> Model:
    weights = {"large": np.float16(8e3), "small": np.float16(1e-3), "order": np.arange(4)}
    data = build(
        body, inputs="float16[N, 4] u, float16[N, 4] i", outputs="float16[N, 4] y",
        weights={name: np.asarray(value) for name, value in weights.items()},
    )  # fmt: skip
    return load(data, name="halves")


def test_where_numbers_exceed_float16_only_float64_tells() -> None:
    """`p * 8000` is infinite where it is rounded, which onnxruntime does before a Gather."""
    found = verify(model(PLAIN), model(ROUNDED), LABELS)
    assert (found.passed, found.reason) == (True, "")
    (told,) = (note for note in found.notes if "exceed float16" in note)
    assert "unusual requests were compared in float64 only" in told
    usual = [
        one for check in found.checks if check.typical and check.batch for one in check.outputs
    ]
    assert usual
    assert all(one.original is not None for one in usual)


def test_a_difference_in_float64_is_seen_there_all_the_same() -> None:
    wrong = PLAIN.replace("(q, small)", "(r, small)").replace(
        "q = Mul (p, large)", "q = Mul (p, large) r = Clip (q, , most)"
    )
    data = build(
        wrong, inputs="float16[N, 4] u, float16[N, 4] i", outputs="float16[N, 4] y",
        weights={
            "large": np.array(8e3, np.float16), "small": np.array(1e-3, np.float16),
            "most": np.array(6e4, np.float16),
        },
    )  # fmt: skip
    found = verify(model(PLAIN), load(data, name="halves"), LABELS)
    assert not found.passed
    assert "in float64" in found.reason
