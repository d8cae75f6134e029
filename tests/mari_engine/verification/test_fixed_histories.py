"""Fixed histories that are as long as there are candidates: drawn with unlike rows."""

import numpy as np

from mari_engine.loading import load
from mari_engine.verification import verify
from support.builders import build
from support.split_pairs import LABELS


def test_a_fixed_history_as_long_as_there_are_candidates_is_not_one_row() -> None:
    inputs, outputs = "float[5, 4] user, float[1, 5, 4] item", "float[1, 5, 4] y"
    mean = "m = ReduceMean <axes = [0], keepdims = 1> (u) y = Add (item, m)"
    before = build(f"u = Identity (user) {mean}", inputs=inputs, outputs=outputs)
    weights = {"first": np.array([0])}
    after = build(f"u = Gather (user, first) {mean}", inputs=inputs, outputs=outputs,
                  weights=weights)  # fmt: skip
    assert verify(load(before), load(before), LABELS).passed
    assert "results differ" in verify(load(before), load(after), LABELS).reason
