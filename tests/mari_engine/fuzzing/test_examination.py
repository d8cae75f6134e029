"""Failures that the check alone sees are told apart by what its refusal is about."""

from __future__ import annotations

import pytest

from mari_engine.fuzzing.examination import refusal_kind
from mari_engine.types import GENERATED, Certificate, Check


def refused(reason: str, *, batch: int) -> Certificate:
    check = Check(batch, 0, GENERATED, (), passed=False, reason=reason)
    return Certificate(False, (check,), {}, (0,), (batch,), {}, "by hand", reason=reason)


NO_RESHAPE = (
    "the optimized model cannot run what the original runs (case.optimized.onnx: onnxruntime "
    "cannot run on cpu (Reshape '/Where_60/Reshape': The input tensor cannot be reshaped to the "
    "requested shape. Input shape:{0,1,1}, requested shape:{1,1}))"
)
ROUNDED = "output 'y': in the model's own precision the error is 1.9e-05 of the largest"
NOISE = "output 'y': the original is 2.9e+00 of the largest away from its own float64 value"
UNSEEN = (
    "node 'Where' of the optimized model is none of the original's, and no request took a branch"
)


@pytest.mark.parametrize(
    ("reason", "batch", "kind"),
    [
        (NO_RESHAPE, 0, "Reshape does not run, without candidates"),
        (ROUNDED, 128, "own precision"),
        (ROUNDED, 0, "own precision, without candidates"),
        (NOISE, 3, "own float64 value"),
        (UNSEEN, 3, "branch"),
    ],
)
def test_refusals_are_told_apart(reason: str, batch: int, kind: str) -> None:
    assert refusal_kind(refused(reason, batch=batch)) == kind
