"""Norms that exporters spell as a dozen nodes stay as runtimes fuse them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from mari_engine import Model, Signature, load
from mari_engine.analysis import survey_model
from mari_engine.analysis.layer_norms import find_norms
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from support.arithmetic import NumpyArithmetic
from support.builders import build
from support.rewrite_checks import alike, data_of, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
LABELS = roles(u="user", i="item")
LAYER = """
    m = ReduceMean <axes = [-1]> (x) c = Sub (x, m) q = Pow (c, two)
    v = ReduceMean <axes = [-1]> (q) e = Add (v, eps) r = Sqrt (e)
    d = Div (c, r) s = Mul (d, scale) n = Add (s, shift)
"""
ROOT_MEAN_SQUARE = """
    q = Pow (x, two) v = ReduceMean <axes = [-1]> (q) e = Add (v, eps) r = Sqrt (e)
    o = Div (one, r) d = Mul (x, o) n = Mul (d, scale)
"""
NORMS = pytest.mark.parametrize(
    ("norm", "steps"), [(LAYER, 9), (ROOT_MEAN_SQUARE, 7)], ids=["layer", "root mean square"]
)
FUSED = ("LayerNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization")


def spelled(norm: str, *, also: str = "") -> bytes:
    """Return a fusion layer cut into tokens, which are normalized and meet weights of their own."""
    return build(
        f"""
        j = Concat <axis = 1> (u, i) p = MatMul (j, first) x = Reshape (p, tokens) {norm}
        t = Transpose <perm = [1, 0, 2]> (n) h = MatMul (t, w) g = Relu (h)
        b = Transpose <perm = [1, 0, 2]> (g) a = Add (x, b) y = ReduceSum <keepdims = 0> (a, axes)
        {also}
        """,
        inputs="float[N, 6] u, float[N, 4] i",
        outputs="float[N, 8] y" + (", float[N, 5, 8] z" if also else ""),
        weights={
            "first": RNG.normal(size=(10, 40)).astype("f"), "tokens": np.array([-1, 5, 8]),
            "w": RNG.normal(size=(5, 8, 8)).astype("f"), "axes": np.array([1]),
            "scale": RNG.normal(size=8).astype("f"), "shift": RNG.normal(size=8).astype("f"),
            "many": np.array([[1e-5], [1e-3], [1e-5], [1e-5], [1e-5]], "f"),
            "two": np.array(2, "f"), "eps": np.array(1e-5, "f"), "one": np.array(1, "f"),
        },
        opset=16,
    )  # fmt: skip


def fused(data: bytes, folder: Path) -> Counter[str]:
    """Return the norms that onnxruntime runs as one node each."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "fused.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    graph = onnx.load(options.optimized_model_filepath).graph
    return Counter(node.op_type for node in graph.node if node.op_type in FUSED)


@NORMS
def test_the_runtime_fuses_a_norm_per_candidate_as_before(
    norm: str, steps: int, tmp_path: Path
) -> None:
    data = spelled(norm)
    made = rewrite(load(data), LABELS, Options(signature=Signature.COMPACT, candidates=500))
    assert fused(data, tmp_path).total() == 1
    assert fused(data_of(Model(made.model, "folded")), tmp_path) == fused(data, tmp_path)
    given = requests((1, 3), u="user N, 6", i="item N, 4")
    assert wrong_rewrites(data, LABELS, given, alike(1e-5)) == []


@NORMS
def test_all_steps_of_a_norm_are_found(norm: str, steps: int) -> None:
    model = load(spelled(norm))
    found = find_norms(model.ir.graph, survey_model(model, frozenset({"N"})))
    (only,) = set(found.values())
    assert only.source.name == "x"
    assert len(found) == len(only.nodes) == steps


def test_a_norm_of_which_others_read_a_step_is_none() -> None:
    model = load(spelled(LAYER, also="z = Relu (c)"))
    assert find_norms(model.ir.graph, survey_model(model, frozenset({"N"}))) == {}


def test_a_norm_without_scale_is_none_that_a_runtime_fuses() -> None:
    model = load(spelled(LAYER, also="z = Relu (d)"))
    found = find_norms(model.ir.graph, survey_model(model, frozenset({"N"})))
    (only,) = set(found.values())
    assert [node.outputs[0].name for node in only.nodes] == list("mcqverd")
    assert not only.fused


@NORMS
def test_a_norm_is_told_as_one_op(norm: str, steps: int) -> None:
    model = load(spelled(norm))
    (only,) = set(find_norms(model.ir.graph, survey_model(model, frozenset({"N"}))).values())
    assert only.declared is not None
    spec, operands = only.declared
    assert [value.name for value in operands] == ["x", "scale", "shift"][: 1 + (steps == 9) + 1]
    assert spec.centered == (norm == LAYER)
    assert spec.terms == ((0, 1, 2), *[(2,)] * (len(operands) - 1))
    assert spec.divisor(NumpyArithmetic(), np.array(0.25)) == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("found", "changed"), [("one", "two"), ("eps", "many")], ids=["another number", "no number"]
)
def test_a_norm_of_other_numbers_is_told_as_none(found: str, changed: str) -> None:
    data = spelled(ROOT_MEAN_SQUARE.replace(found, changed))
    model = load(data)
    (only,) = set(find_norms(model.ir.graph, survey_model(model, frozenset({"N"}))).values())
    assert only.declared is None
    assert only.fused
