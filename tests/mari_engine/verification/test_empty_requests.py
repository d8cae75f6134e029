"""Requests of no candidates: answered alike, or noted."""

from __future__ import annotations

from typing import Any

import numpy as np

from mari_engine.loading import load
from mari_engine.verification import verify
from support.builders import build
from support.split_pairs import LABELS

EMPTY = "the original answers a request of no candidates, the optimized model does not"
SIDES: dict[str, Any] = {"inputs": "float[N, 2] user, float[N, 2] item", "outputs": "float[N, 2] y"}


def test_a_request_of_no_candidates_is_answered_alike() -> None:
    model = load(build("y = Add (user, item)", **SIDES))
    found = verify(model, model, LABELS)
    assert [check.batch for check in found.checks if check.batch == 0 and check.passed] == [0]
    assert EMPTY not in found.notes


def test_where_only_the_original_takes_no_candidates_it_is_noted() -> None:
    model = load(build("y = Add (user, item)", **SIDES))
    body = "r = Reshape (item, two) y = Add (user, r)"
    other = load(build(body, weights={"two": np.array([0, -1])}, **SIDES))
    found = verify(model, other, LABELS)
    assert found.passed
    assert EMPTY in found.notes
    assert 0 not in {check.batch for check in found.checks}
    assert EMPTY not in verify(other, other, LABELS).notes


def test_no_request_is_empty_where_that_ends_the_process() -> None:
    weights = {"four": np.array([0, 2, 2])}
    text = 'r = Reshape ({}, four) t = Einsum <equation = "bqd,bkd->bqk"> (r, r) y = Flatten (t)'
    sides: dict[str, Any] = {
        "inputs": "float[N, 4] user, float[N, 4] item",
        "outputs": "float[N, 4] y",
    }
    plain, risky = (
        load(build(body, weights=weights, **sides))
        for body in ("y = Add (user, item)", f"a = Add (user, item) {text.format('a')}")
    )
    batches = [check.batch for check in verify(risky, risky, LABELS).checks]
    assert 0 not in batches
    assert EMPTY not in verify(risky, risky, LABELS).notes
    assert EMPTY not in verify(plain, risky, LABELS).notes


def test_no_request_is_empty_where_a_scan_ends_the_process() -> None:
    """onnxruntime divides by the length of a step; a scan in the file that nothing reads counts."""
    scan = (
        "kept, all = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1], "
        "body = b (float[n] state, float[n] step) => (float[n] next, float[n] out) "
        "{ next = Add (state, step) out = Identity (next) }> (first, item) "
    )
    weights = {"zero": np.array(0)}
    begin = "first = Gather <axis = 1> (item, zero) " + scan
    for end in ("y = Add (user, all)", "y = Add (user, item)"):
        model = load(build(begin + end, weights=weights, **SIDES))
        found = verify(model, model, LABELS)
        assert found.passed
        assert EMPTY not in found.notes
