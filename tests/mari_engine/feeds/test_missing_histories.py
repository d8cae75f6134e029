"""Requests of nothing: all ids, lengths and masks void, or those of one input or one candidate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mari_engine.feeds import plan_feeds, void_requests
from mari_engine.loading import load
from mari_engine.types import Feeds, Labels
from support.builders import build
from support.rewrite_checks import roles


def drawn(history: str) -> list[Feeds]:
    """Return void requests for ids of a history, its mask, and numbers."""
    data = build(
        "e = Gather (T, ids) k = Cast <to = 1> (mask) m = Unsqueeze (k, two) w = Mul (e, m) "
        "s = ReduceSum <keepdims = 0> (w, one) y = Add (s, x)",
        inputs="int64[N, 4] ids, bool[N, 4] mask, float[N, 3] x", outputs="float[N, 3] y",
        weights={"T": np.ones((9, 3), np.float32), "two": np.array([2]), "one": np.array([1])},
    )  # fmt: skip
    given = roles(ids=history, mask=history, x="item").inputs
    labels = Labels({**given, "ids": replace(given["ids"], range=(1, 9))})
    plan = plan_feeds(load(data, name="m"), labels)
    return list(void_requests(plan, batch=3, seeds=(0,)))


def test_a_users_history_is_void_as_a_whole_or_one_input_of_it() -> None:
    found = drawn("user")
    held = [(bool(one["ids"].any()), bool(one["mask"].all()), bool(one["mask"].any()))
            for one in found]  # fmt: skip
    assert held == [
        (False, False, False), (False, True, True), (False, False, True), (True, False, False),
    ]  # fmt: skip
    assert all(one["x"].shape == (3, 3) and one["x"].all() for one in found)


def test_a_single_candidates_history_is_void_before_those_of_all() -> None:
    found = drawn("item")
    void = [(~one["ids"].any(axis=1)).tolist() for one in found]
    none, one, every = [False] * 3, [False, False, True], [True] * 3
    assert void == [one, one, one, none, every, every, every, none]
    masked = [one["mask"].all(axis=1).tolist() for one in found]
    assert masked[1] == one
    assert masked[5] == every
