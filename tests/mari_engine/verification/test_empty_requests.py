"""Requests of no candidates: the optimized model answers where the original does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine.isolation import isolated
from mari_engine.loading import load
from mari_engine.verification import verify
from support.builders import build
from support.split_pairs import LABELS

SIDES: dict[str, Any] = {"inputs": "float[N, 4] user, float[N, 4] item", "outputs": "float[N, 4] y"}
PLAIN = load(build("y = Add (user, item)", **SIDES))
FIXED = load(
    build("r = Reshape (item, two) y = Add (user, r)", weights={"two": np.array([0, -1])}, **SIDES)
)
EINSUM = load(
    build(
        "a = Add (user, item) r = Reshape (a, parts) "
        't = Einsum <equation = "bqd,bkd->bqk"> (r, r) f = Flatten (t) '
        "y = Add (a, f)",
        weights={"parts": np.array([0, 2, 2])},
        **SIDES,
    )
)
SAME = load(
    build(
        "a = Add (user, item) r = Reshape (a, parts) "
        't = Einsum <equation = "bqd,bkd->bqk"> (r, r) f = Flatten (t) '
        "n = Mul (f, zero) y = Add (a, n)",
        weights={"parts": np.array([0, 2, 2]), "zero": np.zeros(1, np.float32)},
        **SIDES,
    )
)
"""Computes what `PLAIN` does."""


@pytest.fixture(autouse=True)
def _as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MARI_ISOLATION", raising=False)


def test_a_request_of_no_candidates_is_answered_alike() -> None:
    found = verify(PLAIN, PLAIN, LABELS)
    assert [check.passed for check in found.checks if check.batch == 0] == [True]
    assert found.notes == ()


def test_where_only_the_original_takes_no_candidates_the_check_fails() -> None:
    found = verify(PLAIN, FIXED, LABELS)
    assert "the optimized model cannot run what the original runs" in found.reason
    assert "(0 candidates, seed 0)" in found.reason
    assert [check.batch for check in found.checks if not check.passed] == [0]


def test_where_the_original_refuses_it_nothing_is_asked() -> None:
    found = verify(FIXED, FIXED, LABELS)
    assert found.passed
    assert 0 not in {check.batch for check in found.checks}


def test_it_is_not_tried_where_it_might_end_the_callers_process() -> None:
    found = verify(EINSUM, EINSUM, LABELS)
    assert found.passed, found.reason
    assert 0 not in {check.batch for check in found.checks}
    (note,) = found.notes
    assert "may end the process for Einsum" in note


def test_where_it_ends_the_process_of_the_original_the_check_goes_on() -> None:
    with isolated() as place:
        found = verify(EINSUM, EINSUM, LABELS)
        again = verify(PLAIN, PLAIN, LABELS)
    assert place.failure is None
    assert found.passed, found.reason
    assert 0 not in {check.batch for check in found.checks}
    (note,) = found.notes
    assert "it ends the process that runs the original (Einsum)" in note
    assert again.passed


def test_groups_of_heads_without_rows_end_a_process_of_their_own() -> None:
    """onnxruntime divides by the number of rows of a GroupQueryAttention."""
    text = (
        "q = Reshape (item, one) k = Reshape (user, one) n = Shape <start = 0, end = 1> (user) "
        "l = ConstantOfShape <value = int32[1] {0}> (n) a, ak, av = "
        "com.microsoft.GroupQueryAttention <num_heads = 1, kv_num_heads = 1> "
        "(q, k, k, , , l, total) y = Squeeze (a, axis)"
    )
    weights = {
        "one": np.array([-1, 1, 8]), "total": np.array(1, np.int32), "axis": np.array([1])
    }  # fmt: skip
    inputs, outputs = "float[N, 8] user, float[N, 8] item", "float[N, 8] y"
    model = load(build(text, weights=weights, inputs=inputs, outputs=outputs))
    with isolated() as place:
        found = verify(model, model, LABELS)
    assert place.failure is None
    assert found.passed, found.reason
    assert any("GroupQueryAttention" in note for note in found.notes)


def test_a_rewrite_that_ends_the_process_where_the_original_answers_fails() -> None:
    with isolated():
        found = verify(PLAIN, SAME, LABELS)
    assert not found.passed
    assert "ended the process that ran it" in found.reason


def test_the_operators_of_the_file_count_which_loading_may_take_apart() -> None:
    model = load(EINSUM.data or b"")
    assert ("", "Einsum") in model.operators
    with isolated():
        notes = verify(model, model, LABELS).notes
    assert any("ends the process that runs the original" in note for note in notes)


def test_a_norm_over_the_candidates_ends_a_process_of_its_own() -> None:
    """onnxruntime reads the first element of a transposed tensor that has none."""
    text = (
        "t = Transpose (item) v = Unsqueeze (t, front) n = InstanceNormalization (v, ones, ones) "
        "w = Squeeze (n, front) b = Transpose (w) y = Add (user, b)"
    )
    weights = {"front": np.array([0]), "ones": np.ones(4, np.float32)}
    model = load(build(text, weights=weights, **SIDES))
    with isolated() as place:
        found = verify(model, model, LABELS)
    assert place.failure is None
    assert found.passed, found.reason
