"""Statistics of both sides: rounding as before, rows without a number, requests without rows."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.graph import Model
from mari_engine.types import Action, Signature
from support.norm_models import (
    EACH_NORM,
    HIDDEN,
    ITEM,
    NORMS,
    USER,
    actions,
    normed_tower,
    rewritten,
    weights,
)
from support.rewrite_checks import data_of, run, session


def errors(data: bytes, user: np.ndarray, item: np.ndarray) -> tuple[float, float]:
    """Return how far the original and the rewritten model are from float64, at most."""
    made = rewritten(data)
    assert set(actions(made).values()) == {Action.SPLIT}
    rows = np.broadcast_to(user, (len(item), user.shape[-1]))
    feeds = {"u": rows.astype("f").copy(), "i": item.astype("f")}
    truth = exact(*(feeds[name].astype(np.float64) for name in "ui"))
    found = [run(session(each), feeds)["y"] for each in (data, data_of(Model(made.model, "m")))]
    first, second = (float(np.abs(each - truth).max()) for each in found)
    return first, second


def exact(user: np.ndarray, item: np.ndarray) -> np.ndarray:
    given = {name: array.astype(np.float64) for name, array in weights().items()}
    x = np.concatenate([user, item], 1)
    centred = x - x.mean(1, keepdims=True)
    root = np.sqrt((centred**2).mean(1, keepdims=True) + np.float64(np.float32(1e-5)))
    normed = centred / root * given["scale"] + given["shift"]
    return np.asarray(normed @ given["W"] + given["B"])


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, -1e6])
@pytest.mark.parametrize("apart", [0.0, 1.0, 1e3])
def test_a_large_common_offset_costs_no_more_than_before(offset: float, apart: float) -> None:
    rng = np.random.default_rng(6)
    user = rng.standard_normal((1, USER)) + offset
    item = rng.standard_normal((50, ITEM)) + offset + apart
    before, after = errors(normed_tower(NORMS["spelled layer norm"]), user, item)
    assert after <= 4 * before + 1e-5


@pytest.mark.parametrize("number", [0.0, 1.0, 3e4])
def test_constant_rows_in_which_epsilon_is_all(number: float) -> None:
    user, item = np.full((1, USER), number), np.full((4, ITEM), number)
    before, after = errors(normed_tower(), user, item)
    assert after <= 4 * before + 1e-5


@EACH_NORM
def test_rows_without_a_number_stay_without_one_and_harm_no_other(norm: str) -> None:
    data = normed_tower(norm)
    made = rewritten(data)
    rng = np.random.default_rng(7)
    item = rng.standard_normal((6, ITEM)).astype("f")
    item[1, 2], item[2, 0], item[3, 1], item[4] = np.nan, np.inf, -np.inf, 0.0
    for number in (1.0, np.nan, np.inf, 0.0):
        user = np.repeat(rng.standard_normal((1, USER)), 6, axis=0).astype("f")
        user[:, 3] = number
        user *= number != 0.0
        feeds = {"u": user, "i": item}
        truth, found = (
            run(session(each), feeds)["y"] for each in (data, data_of(Model(made.model, "m")))
        )
        assert np.array_equal(np.isnan(truth), np.isnan(found))
        finite = ~np.isnan(truth)
        assert np.allclose(truth[finite], found[finite], rtol=2e-5, atol=2e-5)


@EACH_NORM
def test_a_request_of_no_candidates(norm: str) -> None:
    data = normed_tower(norm)
    for signature in Signature.DROP_IN, Signature.COMPACT:
        made = rewritten(data, signature=signature)
        rows = 0 if signature == Signature.DROP_IN else 1
        feeds = {"u": np.zeros((rows, USER), "f"), "i": np.zeros((0, ITEM), "f")}
        found = run(session(data_of(Model(made.model, "m"))), feeds)
        assert found["y"].shape == (0, HIDDEN)
