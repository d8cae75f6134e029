"""The number that belongs to a feature's name stays in it."""

from __future__ import annotations

import mari_engine as mari
from sample_models import sample_path


def test_features_that_a_number_tells_apart_keep_it() -> None:
    proposed = mari.propose_labels(mari.load(sample_path("deepfm_packed")))
    names = [column.name for column in proposed.inputs["X"].columns]
    assert {"user_interest_1", "user_interest_2"} <= set(names)
