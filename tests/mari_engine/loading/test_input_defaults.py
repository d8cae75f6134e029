"""Inputs that have a default stay inputs, and keep it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from mari_engine import InputLabel, Labels, Role, load, optimize
from support.builders import build_proto

RNG = np.random.default_rng(3)
WEIGHT = RNG.standard_normal((44, 8)).astype(np.float32)


def model() -> bytes:
    proto = build_proto(
        "c = Concat <axis = 1> (u, i) s = MatMul (c, W) y = Div (s, t)",
        inputs="float[N, 40] u, float[N, 4] i, float[1] t",
        outputs="float[N, 8] y",
        weights={"W": WEIGHT, "t": np.array([2], np.float32)},
    )
    return bytes(proto.SerializeToString())


def test_a_default_holds_where_it_is_not_overridden(tmp_path: Path) -> None:
    labels = Labels(
        {
            "u": InputLabel(role=Role.USER),
            "i": InputLabel(role=Role.ITEM),
            "t": InputLabel(role=Role.CONTEXT),
        }
    )
    result = optimize(load(model(), name="m"), labels, candidates=2000, autotune=False)
    assert result.certificate.passed, result.certificate.reason
    assert any(decision.action != "kept" for decision in result.decisions)
    result.save(tmp_path / "out")
    first = ort.InferenceSession(model())
    second = ort.InferenceSession(tmp_path / "out" / "model.onnx")
    feeds = {
        "u": np.repeat(RNG.standard_normal((1, 40)).astype(np.float32), 3, axis=0),
        "i": RNG.standard_normal((3, 4)).astype(np.float32),
    }
    for more in ({}, {"t": np.array([5], np.float32)}):
        (a,), (b,) = first.run(None, feeds | more), second.run(None, feeds | more)
        assert np.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_weights_that_are_all_listed_as_inputs_are_constants() -> None:
    proto = build_proto(
        "y = MatMul (u, W)", inputs="float[N, 4] u, float[4, 2] W", outputs="float[N, 2] y",
        weights={"W": np.ones((4, 2), np.float32)},
    )  # fmt: skip
    loaded = load(bytes(proto.SerializeToString()))
    assert [value.name for value in loaded.ir.graph.inputs] == ["u"]
