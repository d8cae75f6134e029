"""Requests that hold numbers that somebody aims at, and stay valid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine import InputLabel, Labels, Role, load
from mari_engine.feeds import plan_feeds
from mari_engine.feeds.aimed_features import aim_feature
from mari_engine.feeds.random_features import Feature
from support.builders import build


def drawn(feature: Feature, *numbers: float, shape: tuple[int, ...] = (5, 4)) -> list[np.ndarray]:
    return [
        aim_feature(feature, shape, np.random.default_rng(seed), longest=4, numbers=numbers)
        for seed in range(200)
    ]


def test_numbers_are_hit_and_those_beside_them() -> None:
    found = drawn(Feature(name="x", dtype=np.dtype("f")), 0.3)
    values = set(np.concatenate([each.ravel() for each in found]).tolist())
    at = np.float32(0.3)
    assert {float(at), float(np.nextafter(at, np.float32(1)))} <= values
    assert any(len(np.unique(each)) == 1 for each in found)
    assert any(len(np.unique(each)) > 4 for each in found)


@pytest.mark.parametrize("dtype", ["f", "int64", "int32", "float64"])
def test_a_range_holds(dtype: str) -> None:
    whole = not dtype.startswith("f")
    feature = Feature(name="x", dtype=np.dtype(dtype), bounds=(2, 9), whole=whole)
    found = np.concatenate([each.ravel() for each in drawn(feature, 1.0, 5.0, 9.0, np.nan)])
    assert found.dtype == dtype
    assert found.min() == 2
    assert 8 <= found.max() < 9
    assert 5 in found
    assert not np.isnan(found.astype(float)).any()


def test_nan_is_sent_where_somebody_asks_for_it() -> None:
    feature = Feature(name="x", dtype=np.dtype("f"))
    assert any(np.isnan(each).any() for each in drawn(feature, np.nan))
    assert not any(np.isnan(each).any() for each in drawn(feature, 1.0))


def test_a_narrow_type_takes_large_numbers() -> None:
    assert drawn(Feature(name="x", dtype=np.dtype("float16")), 1e9)[0].dtype == np.float16


def test_masks_are_set_everywhere_nowhere_and_up_to_a_place() -> None:
    found = [each.astype(bool) for each in drawn(Feature(name="mask", dtype=np.dtype("f")))]
    assert any(each.all() for each in found)
    assert any(not each.any() for each in found)
    assert any(len(set(each.sum(axis=1).tolist())) > 2 for each in found)


def lengths(body: str, *, role: Role = Role.USER) -> set[int]:
    held: dict[str, Any] = {"at": np.arange(4)[None], "one": np.float32(1)}
    text = f"b = Less (at, length) f = Cast <to = 1> (b) {body}"
    model = load(
        build(text, inputs="int64[N, 1] length", outputs="float[N, 4] y", weights=held)
    )  # fmt: skip
    plan = plan_feeds(model, Labels({"length": InputLabel(role=role)}))
    requests = [plan.draw(batch=3, seed=seed, aims={"length": ()}) for seed in range(60)]
    return {int(number) for feeds in requests for number in feeds["length"].ravel()}


def test_a_length_that_is_only_compared_may_be_zero() -> None:
    assert lengths("y = Mul (f, one)") == {0, 1, 2, 3, 4}
