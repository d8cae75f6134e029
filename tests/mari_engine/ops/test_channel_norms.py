"""Norms of channels and groups of channels: read as layer norms, whole and by side."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.ops import decompose_all
from mari_engine.rewriting.planning import survey_labeled
from mari_engine.types import Action
from support.builders import build
from support.norm_models import actions, rewritten
from support.rewrite_checks import alike, data_of, requests, roles, session, wrong_rewrites

LABELS = roles(u="user", i="item")
GIVEN = requests((1, 3), whole=False, u="user N, 12, 16", i="item N, 4, 16")
RNG = np.random.default_rng(0)
WEIGHTS = {
    "a": RNG.standard_normal(16).astype("f"), "b": RNG.standard_normal(16).astype("f"),
    "one": np.ones(1, "f"), "nought": np.zeros(1, "f"), "flat": np.array([-1, 256]),
    "all": np.array([0, 1, -1]), "W": RNG.standard_normal((256, 60)).astype("f"),
}  # fmt: skip
NORMS = {
    "each channel": "n = InstanceNormalization <epsilon = 0.01> (x, a, b)",
    "all channels": "g = Reshape (x, all) m = InstanceNormalization (g, one, nought) "
    "s = Shape (x) n = Reshape (m, s)",
    "groups of channels": "n = GroupNormalization <num_groups = 4, epsilon = 0.001> (x, a, b)",
    "groups of both sides": "n = GroupNormalization <num_groups = 2> (x, a, b)",
}
EACH = pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS)


def normed(norm: str, *, opset: int = 21) -> bytes:
    body = f"x = Concat <axis = 1> (u, i) {norm} f = Reshape (n, flat) y = MatMul (f, W)"
    return build(
        body, inputs="float[N, 12, 16] u, float[N, 4, 16] i", outputs="float[N, 60] y",
        weights={n: w for n, w in WEIGHTS.items() if n in body.replace("(", " ( ")}, opset=opset,
    )  # fmt: skip


@EACH
def test_it_is_the_same_in_every_way(norm: str) -> None:
    assert wrong_rewrites(normed(norm), LABELS, GIVEN, alike(1e-5), candidates=100_000) == []


@EACH
def test_no_product_behind_it_is_kept(norm: str) -> None:
    model = load(normed(norm), name="m")
    form = survey_labeled(model, LABELS).form
    kinds = {node.op_type for node in form.model.ir.graph}
    assert "LayerNormalization" in kinds
    assert not kinds & {"InstanceNormalization", "GroupNormalization"}
    assert Action.KEPT not in actions(rewritten(normed(norm), LABELS)).values()


def test_a_scale_of_ones_is_not_multiplied() -> None:
    model = load(normed(NORMS["all channels"]), name="m").ir.clone()
    decompose_all(model)
    assert not {"Mul", "Add"} & {node.op_type for node in model.graph}


@pytest.mark.parametrize("op", ["InstanceNormalization", "GroupNormalization <num_groups = 2>"])
def test_scales_that_only_the_run_knows_are_laid_out_there(op: str) -> None:
    data = build(
        f"y = {op} (x, s, t)", inputs="float[N, 4, 3, 2] x, float[4] s, float[4] t",
        outputs="float[N, 4, 3, 2] y", opset=21,
    )  # fmt: skip
    feeds = {
        "x": RNG.standard_normal((2, 4, 3, 2)).astype("f"),
        "s": RNG.standard_normal(4).astype("f"), "t": RNG.standard_normal(4).astype("f"),
    }  # fmt: skip
    truth = ReferenceEvaluator(onnx.load_model_from_string(data)).run(None, feeds)[0]
    model = load(data, name="m").ir.clone()
    decompose_all(model)
    found = session(data_of(Model(model, "m"))).run(None, feeds)[0]
    assert found == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize(("shape", "opset"), [("N, 4, L", 17), ("N, 4, 3", 16), ("N, 4", 17)])
def test_what_is_no_layer_norm_stays(shape: str, opset: int) -> None:
    data = build(
        "y = InstanceNormalization (x, s, s)", inputs=f"float[{shape}] x",
        outputs=f"float[{shape}] y", weights={"s": np.ones(4, "f")}, opset=opset,
    )  # fmt: skip
    model = load(data, name="m").ir.clone()
    decompose_all(model)
    assert [node.op_type for node in model.graph] == ["InstanceNormalization"]
