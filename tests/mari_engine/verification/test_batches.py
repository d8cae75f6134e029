"""Batched models that are right for one request and wrong for several are seen to be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import certify, plan
from mari_engine.plan_types import Plan
from mari_engine.types import Certificate, InputLabel, Labels, RequestIndex, Role
from support.builders import build, ranking_tower
from support.rewrite_checks import roles

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
TURNED = "n = Shape <start = 0, end = 1> (user) m = Sub (n, one) r = Sub (m, candidate_request) "
INPUTS = "float[R, 3] user, float[N, 3] item, int64[N] candidate_request"


def planned(index: RequestIndex = RequestIndex.ROWS) -> Plan:
    return plan(load(ranking_tower(), name="m"), LABELS, signature="batched", index=index)


def product() -> Plan:
    body = "y = Mul (user, item)"
    data = build(body, inputs="float[N, 3] user, float[N, 3] item", outputs="float[N, 3] y")
    return plan(load(data, name="m"), LABELS, signature="batched")


def certificate(body: str, **weights: object) -> Certificate:
    """Return the certificate of a batched model of the product that computes what `body` says."""
    held = {name: np.asarray(value) for name, value in weights.items()}
    wrong = load(build(body, inputs=INPUTS, outputs="float[N, 3] y", weights=held), name="wrong")
    return certify(replace(product(), optimized=wrong))


@pytest.mark.parametrize("index", RequestIndex)
def test_batches_are_part_of_the_check(index: RequestIndex) -> None:
    found = certify(planned(index))
    assert found.passed, found.reason
    batches = [check for check in found.checks if "in one call" in check.request]
    assert {check.request.split(", ")[1].split()[0] for check in batches} == {"2", "7", "16"}
    assert max(check.batch for check in batches) > 100
    assert all(
        error.exact is not None and error.exact < 1e-12
        for check in batches
        for error in check.outputs
    )


def test_what_is_right_passes() -> None:
    assert certificate("u = Gather (user, candidate_request) y = Mul (u, item)").passed


@pytest.mark.parametrize(
    ("body", "weights"),
    [
        ("f = Gather (user, zero) y = Mul (f, item)", {"zero": [0]}),
        (
            TURNED + "u = Gather (user, r) y = Mul (u, item)",
            {"one": [1]},
        ),
        (
            "m = Sub (candidate_request, candidate_request) u = Gather (user, m) y = Mul (u, item)",
            {},
        ),
    ],
    ids=["the first user for all", "users in another order", "the first user for each candidate"],
)
def test_a_mixed_up_user_is_seen(body: str, weights: dict[str, object]) -> None:
    found = certificate(body, **weights)
    assert not found.passed
    failing = [check for check in found.checks if not check.passed]
    assert failing
    assert all("in one call" in check.request for check in failing)


def test_users_that_are_all_alike_prove_nothing() -> None:
    labels = Labels(
        {
            "user": InputLabel(role=Role.USER, range=(1, 2), integer=True),
            "item": InputLabel(role=Role.ITEM),
        }
    )
    data = build(
        "f = Cast <to = 1> (user) y = Mul (f, item)",
        inputs="int64[N, 3] user, float[N, 3] item", outputs="float[N, 3] y",
    )  # fmt: skip
    made = plan(load(data, name="m"), labels, signature="batched")
    found = certify(made)
    assert not found.passed
    assert "nothing shows whose is whose" in found.reason


def test_a_batch_that_does_not_run_is_a_failed_check() -> None:
    data = build("y = Mul (user, item)", inputs=INPUTS, outputs="float[N, 3] y")
    found = certify(replace(product(), optimized=load(data, name="wrong")))
    assert not found.passed
    assert "cannot run a batch of what the original runs" in found.reason


@pytest.mark.parametrize(
    ("op", "answered"), [("Abs (item)", True), ("Attention (item, item, item)", False)]
)
def test_a_batch_of_no_candidates_is_asked_where_the_original_answers_none(
    op: str, answered: bool
) -> None:
    data = build(
        f"f = {op} y = Mul (user, f)", inputs="float[N, 1, 1, 1] user, float[N, 1, 1, 1] item",
        outputs="float[N, 1, 1, 1] y", opset=24,
    )  # fmt: skip
    found = certify(plan(load(data, name="m"), LABELS, signature="batched"))
    assert found.passed, found.reason
    assert any("none with candidates" in check.request for check in found.checks) == answered


def test_a_model_of_one_request_has_no_batches() -> None:
    model = load(ranking_tower(), name="m")
    found = certify(plan(model, LABELS, signature="compact"))
    assert found.passed
    assert not any("in one call" in check.request for check in found.checks)
    assert roles(user="user", item="item") == LABELS
