"""Traits hold for the ops that have them, and each is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

import mari_engine
from mari_engine.ops import Trait
from mari_engine.ops.rule_table import RULES
from support.builders import build_proto
from support.rule_sample import Sample
from support.rule_samples import SAMPLES

ENGINE = Path(mari_engine.__file__).parent
IN_OPS_ONLY = (Trait.PRODUCT,)
"""Asked for by a function of the table."""
EXACT = sorted(
    key for key, rule in RULES.items() if Trait.EXACT in rule.traits and rule.declare is not None
)


def test_every_trait_is_asked_for_outside_the_families() -> None:
    general = [path for path in ENGINE.rglob("*.py") if not path.is_relative_to(ENGINE / "ops")]
    texts = [path.read_text(encoding="utf-8") for path in general]
    asked = {name for text in texts for name in re.findall(r"Trait\.(\w+)", text)}
    assert {trait.name for trait in Trait} - asked == {trait.name for trait in IN_OPS_ONLY}


def test_every_trait_is_held() -> None:
    assert set(Trait) == {trait for rule in RULES.values() for trait in rule.traits}


def computed(sample: Sample, kind: str) -> np.ndarray:
    """Return what the sample's op makes of the user alone, in float or double."""
    dtype = np.float32 if kind == "float" else np.float64
    inputs, outputs = (
        re.sub(r"\bT\[", f"{kind}[", text) for text in (sample.inputs, sample.outputs)
    )
    proto = build_proto(sample.body, inputs=inputs, outputs=outputs, opset=sample.opset)
    for name, array in sample.weights.items():
        held = array.astype(dtype) if array.dtype.kind == "f" else array
        proto.graph.initializer.append(numpy_helper.from_array(np.asarray(held), name))
    feeds = {}
    for of, dims, name in re.findall(r"(\w+)\[(.*?)\] (\w+)", inputs):
        shape = [5 if dim.strip() == "N" else int(dim) for dim in dims.split(",")]
        drawn = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
        whole = np.random.default_rng(0).integers(0, 2, shape)
        feeds[name] = drawn.astype(dtype) if of == kind else whole
    return np.asarray(ReferenceEvaluator(proto).run(["a"], feeds)[0])


@pytest.mark.parametrize("key", EXACT, ids=["".join(key) for key in EXACT])
def test_an_exact_op_rounds_nothing(key: tuple[str, str]) -> None:
    single, double = (computed(SAMPLES[key], kind) for kind in ("float", "double"))
    assert single.astype(np.float64).tolist() == double.astype(np.float64).tolist()


def test_a_rounding_op_is_not_exact() -> None:
    single, double = (computed(SAMPLES["", "Sqrt"], kind) for kind in ("float", "double"))
    assert ("", "Sqrt") not in EXACT
    assert single.astype(np.float64).tolist() != double.tolist()
