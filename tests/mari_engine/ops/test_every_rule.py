"""Walks the table of rules: each op has a sample, and what its declaration implies holds for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from onnx import helper, numpy_helper

from mari_engine.loading import load
from mari_engine.ops.rule_table import RULES
from mari_engine.pipeline import plan
from mari_engine.types import FROM_GRAPH, Flops, InputLabel, Labels, Role, Side
from support.builders import build_proto
from support.rewrite_checks import SIGNATURES, alike, changed_request_values, wrong_rewrites
from support.rule_sample import Sample
from support.rule_samples import SAMPLES

KEYS = sorted(SAMPLES)
NAMES = ["".join(key) for key in KEYS]
LIMITS = {"double": 1e-12, "float": 1e-6}
TYPES: Mapping[str, type[np.generic]] = {
    "double": np.float64, "float": np.float32, "bool": np.bool_, "int64": np.int64,
    "uint32": np.uint32, "string": np.object_,
}  # fmt: skip


def build_sample(sample: Sample) -> bytes:
    proto = build_proto(
        sample.body,
        inputs=re.sub(r"\bT\[", f"{sample.kind}[", sample.inputs),
        outputs=re.sub(r"\bT\[", f"{sample.kind}[", sample.outputs),
        opset=sample.opset,
    )
    for name, array in sample.weights.items():
        floating = np.issubdtype(array.dtype, np.floating)
        held = array.astype(TYPES[sample.kind]) if floating else array
        if name == "v":
            held = array.astype(np.float32)
        proto.graph.initializer.append(numpy_helper.from_array(np.asarray(held), name))
    newest = 5 if "TreeEnsemble <" in sample.body else 3
    for domain, version in (("com.microsoft", 1), ("ai.onnx.ml", newest)):
        if domain in sample.body:
            proto.opset_import.append(helper.make_opsetid(domain, version))
    return bytes(proto.SerializeToString())


def labels_of(sample: Sample) -> Labels:
    """Return labels that state the axis of the candidates of what is the item's."""
    sides = {"u": Role.USER, "i": Role.ITEM}
    return Labels(
        {
            name: InputLabel(
                role=sides[name[0]],
                axis=dims.split(", ").index("N") if name[0] == "i" else FROM_GRAPH,
            )
            for dims, name in re.findall(r"\[(.*?)\] (\w+)", sample.inputs)
        }
    )


def draw(sample: Sample, batch: int, *, item: int = 0) -> dict[str, np.ndarray]:
    """Return a request: whole numbers where the sample is exact, else numbers in (0.1, 0.9)."""
    feeds: dict[str, np.ndarray] = {}
    for at, (kind, dims, name) in enumerate(re.findall(r"(\w+)\[(.*?)\] (\w+)", sample.inputs)):
        user = name.startswith("u")
        rng = np.random.default_rng([at, 0 if user else item])
        axes = [dim.strip() for dim in dims.split(",")]
        own = [(1 if user else batch) if dim == "N" else int(dim) for dim in axes]
        dtype = TYPES[sample.kind if kind == "T" else kind]
        whole = sample.exact or "id" in name
        low = 0 if "id" in name or dtype in (np.bool_, np.uint32) else -2
        drawn: np.ndarray = rng.integers(low, 3, own) if whole else rng.uniform(0.1, 0.9, own)
        if dtype is np.object_:
            drawn = np.array(["a", "b", "ab"], dtype=np.object_)[rng.integers(0, 3, own)]
        full = [batch if dim == "N" else int(dim) for dim in axes]
        feeds[name] = np.broadcast_to(drawn.astype(dtype), full).copy()
    return feeds


def test_every_rule_has_a_sample() -> None:
    assert set(SAMPLES) == {key for key, rule in RULES.items() if rule.declare is not None}


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_the_rewritten_op_equals_the_original(key: tuple[str, str]) -> None:
    sample = SAMPLES[key]
    same = alike(0 if sample.exact else LIMITS[sample.kind])
    requests = [draw(sample, batch) for batch in (1, 2, 5)]
    wrong = wrong_rewrites(
        build_sample(sample), labels_of(sample), requests, same, ways=SIGNATURES, candidates=50_000
    )
    assert wrong == []


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_what_is_colored_request_does_not_know_the_candidates(key: tuple[str, str]) -> None:
    sample = SAMPLES[key]
    planned = plan(load(build_sample(sample), name="sample"), labels_of(sample))
    assert planned.coloring.values["a"].side == Side.REQUEST
    assert planned.coloring.values["y"].side in (Side.ITEM, Side.CANDIDATE)
    assert planned.coloring.unknown == {}
    first, second = (draw(sample, 5, item=item) for item in (1, 2))
    assert changed_request_values(planned, first, second) == []


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_work_is_what_is_written_by_hand(key: tuple[str, str]) -> None:
    sample = SAMPLES[key]
    model = load(build_sample(sample), name="sample")
    counted = plan(model, labels_of(sample)).flops.before
    names = [node.name or "" for node in model.ir.graph if (node.domain, node.op_type) == key]
    assert names
    total = sum((counted.nodes[name] for name in names), Flops())
    assert total == Flops(0, sample.work)
    assert counted.uncounted == ()
