"""The formula of an affine op holds for numbers as it does for nodes."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load
from mari_engine.analysis import survey_model
from mari_engine.axes import Affine
from support.arithmetic import NumpyArithmetic
from support.builders import build


def test_a_batch_norm_is_a_factor_and_a_shift() -> None:
    data = build(
        "y = BatchNormalization <epsilon = 0.25> (x, scale, bias, mean, variance)",
        inputs="float[N, 3] x",
        outputs="float[N, 3] y",
        weights={name: np.ones(3, np.float32) for name in ("scale", "bias", "mean", "variance")},
    )
    (spec,) = survey_model(load(data, name="m"), frozenset({"N"})).specs.values()
    assert isinstance(spec, Affine)
    scale, bias, mean, variance = np.random.default_rng(0).random((4, 3)) + 1.0
    factor, shift = spec.factor_and_shift(NumpyArithmetic(), [scale, bias, mean, variance])
    x = np.random.default_rng(1).standard_normal((5, 3))
    truth = (x - mean) / np.sqrt(variance + 0.25) * scale + bias
    assert x * factor + shift == pytest.approx(truth, rel=1e-12)
