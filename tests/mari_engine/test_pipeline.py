"""The stages as Python functions: requests are held to the labels in each that takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mari_engine import (
    Certificate,
    InputLabel,
    Labels,
    Role,
    VerificationError,
    certify,
    load,
    optimize,
    plan,
)
from mari_engine.types import Feeds
from support.builders import ranking_tower

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
CONTRADICTION = (
    "request 2: input 'user' column 5 is labelled as one value per request, but row 1 differs from "
    "row 0; label it item or cross, or send one user per request"
)


def request(*, one_user: bool) -> Feeds:
    rng = np.random.default_rng(0)
    user = np.repeat(rng.standard_normal((1, 64), dtype=np.float32), 3, axis=0)
    user[1, 5] += 0 if one_user else 1
    return {"user": user, "item": rng.standard_normal((3, 16), dtype=np.float32)}


def certificate_of(function: str, *, one_user: bool) -> Certificate:
    model = load(ranking_tower(user=64, item=16, hidden=32))
    requests = [request(one_user=True), request(one_user=one_user)]
    if function == "optimize":
        return optimize(model, LABELS, requests=requests, autotune=False).certificate
    return certify(plan(model, LABELS, autotune=False), requests=requests)


@pytest.mark.parametrize("function", ["optimize", "certify"])
def test_a_request_that_contradicts_a_label_fails_the_check(function: str) -> None:
    assert certificate_of(function, one_user=True).passed
    failed = certificate_of(function, one_user=False)
    assert (failed.passed, failed.reason) == (False, CONTRADICTION)


def test_a_result_that_a_request_contradicts_is_not_saved(tmp_path: Path) -> None:
    model = load(ranking_tower(user=64, item=16, hidden=32))
    result = optimize(model, LABELS, requests=[request(one_user=False)], autotune=False)
    with pytest.raises(VerificationError, match="row 1 differs from row 0"):
        result.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()
