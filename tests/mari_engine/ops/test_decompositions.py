"""Models that onnxruntime optimized and saved: its fused ops are read as what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from mari_engine import load, optimize, plan
from mari_engine.verification.float64_model import double_model
from support.builders import build
from support.rewrite_checks import requests, roles, session, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
WEIGHTS = {
    "W": RNG.integers(-2, 3, (8, 6)).astype("f"), "V": RNG.integers(-2, 3, (6, 8)).astype("f"),
    "b": RNG.integers(-2, 3, 6).astype("f"), "scale": RNG.normal(size=8).astype("f"),
    "shift": RNG.normal(size=8).astype("f"), "skip": RNG.normal(size=8).astype("f"),
}  # fmt: skip
GIVEN = requests((1, 2, 5), u="user N, 4", i="item N, 4")


def near(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(left, right, rtol=1e-5, atol=1e-5))


def contrib(nodes: Sequence[onnx.NodeProto], *, width: int = 6) -> bytes:
    """Return a model that joins u and i as c, and whose nodes make y of it."""
    joined = helper.make_node("Concat", ["u", "i"], ["c"], axis=1, name="join")
    graph = helper.make_graph(
        [joined, *nodes], "fused",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "ui"],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", width])],
        [numpy_helper.from_array(array, name) for name, array in WEIGHTS.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return bytes(model.SerializeToString())


def one(op: str, *inputs: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(
        op, list(inputs), ["y"], domain="com.microsoft", name=f"/{op}", **attributes
    )


@pytest.mark.parametrize(
    ("node", "width"),
    [
        (one("FusedGemm", "c", "W", "b", activation="Relu"), 6),
        (one("FusedGemm", "c", "V", "b", activation="Elu", activation_alpha=0.2, transB=1), 6),
        (one("FusedGemm", "c", "W", "b", activation="Tanh", alpha=0.5, beta=2.0), 6),
        (one("FusedMatMul", "c", "W", alpha=0.125), 6),
        (one("FusedMatMul", "c", "V", transB=1), 6),
        (one("SkipLayerNormalization", "c", "c", "scale", "shift", "skip", epsilon=1e-3), 8),
        (one("SkipLayerNormalization", "c", "c", "scale"), 8),
        (one("BiasGelu", "c", "shift"), 8),
    ],
    ids=lambda value: value.op_type if isinstance(value, onnx.NodeProto) else str(value),
)
def test_fused_ops_are_read_as_what_they_are_made_of(node: onnx.NodeProto, width: int) -> None:
    data = contrib([node], width=width)
    source = load(data)
    made = plan(source, LABELS)
    assert made.coloring.unknown == {}
    assert made.failures == ()
    assert {d.node for d in made.decisions} <= {n.name for n in source.ir.graph}
    assert wrong_rewrites(data, LABELS, GIVEN, near) == []


def test_a_fused_product_is_split_and_told_by_its_name() -> None:
    graph = contrib([one("FusedGemm", "c", "W", "b", activation="Relu")])
    wide = onnx.load_model_from_string(graph)
    wide.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(RNG.integers(-2, 3, (804, 6)).astype("f"), "W")
    )
    wide.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 800
    made = plan(load(wide.SerializeToString()), LABELS)
    (decision,) = made.decisions
    assert (decision.node, decision.op, decision.action) == ("/FusedGemm", "FusedGemm", "split")
    assert decision.flops_before.per_candidate == 2 * 804 * 6 + 6 + 6  # bias, activation


def test_a_model_that_the_runtime_optimized_passes_the_check(tmp_path: Path) -> None:
    body = """
        c = Concat <axis = 1> (u, i) m = MatMul (c, W) a = Add (m, b) h = Relu (a)
        t = Transpose (V2) y = MatMul (h, t)
    """
    weights = WEIGHTS | {"V2": RNG.normal(size=(3, 6)).astype("f")}
    data = build(body, inputs="float[N, 4] u, float[N, 4] i", outputs="float[N, 3] y",
                 weights=weights, opset=17)  # fmt: skip
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "saved.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    saved = load(tmp_path / "saved.onnx")
    assert "com.microsoft" in {node.domain for node in saved.ir.graph}
    assert optimize(saved, LABELS, autotune=False).certificate.passed


def test_the_sum_behind_a_skip_norm_is_told_and_its_statistics_are_not() -> None:
    node = one("SkipLayerNormalization", "c", "c", "scale")
    node.output.extend(["", "", "total"])
    after = helper.make_node("Add", ["y", "total"], ["z"], name="after")
    node.output[0] = "n"
    after.input[0], after.output[0] = "n", "y"
    assert wrong_rewrites(contrib([node, after], width=8), LABELS, GIVEN, near) == []


@pytest.mark.parametrize("op", ["QuickGelu", "BiasGelu", "Gelu", "FastGelu"])
def test_fused_activations_are_doubled_as_what_they_are_made_of(op: str) -> None:
    inputs = ["c", *(["shift"] if op == "BiasGelu" else [])]
    source = load(contrib([one(op, *inputs)], width=8))
    doubled = double_model(source)
    assert doubled.single == ()
    feeds = {name: array.astype(np.float64) for name, array in GIVEN[2].items()}
    (truth,) = ReferenceEvaluator(doubled.proto).run(None, {**feeds, **doubled.tensors})
    (own,) = session(source.data or b"").run(None, GIVEN[2])
    assert truth.dtype == np.float64
    assert near(truth, own)
