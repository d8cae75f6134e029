"""Fused ops are measured by their parts, under their own names, where the rewrite has parts."""

from __future__ import annotations

import numpy as np

from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.pipeline import plan
from mari_engine.types import Flops, Measurement
from support.builders import build
from support.rewrite_checks import roles

LENGTH, WIDTH, HEADS = 50, 64, 4
RNG = np.random.default_rng(0)
BODY = f"""
    x = Concat <axis = 1> (user, item) q = MatMul (x, Q) k = MatMul (x, K) v = MatMul (x, V)
    a = Attention <q_num_heads = {HEADS}, kv_num_heads = {HEADS}> (q, k, v) y = MatMul (a, O)
"""


def attention(length: int, width: int) -> Measurement:
    data = build(
        BODY,
        inputs=f"float[N, {length}, {width}] user, float[N, 1, {width}] item",
        outputs=f"float[N, {length + 1}, {width}] y",
        weights={name: (RNG.normal(size=(width, width)) / 8).astype("f") for name in "QKVO"},
        opset=23,
    )
    labels = roles(user="user", item="item")
    return measure(plan(load(data, name="g"), labels, candidates=100, autotune=False))


def test_an_attention_over_both_sides_is_measured_by_its_products() -> None:
    found = attention(LENGTH, WIDTH)
    fused = found.products[3]
    assert (fused.op, fused.operands) == ("Attention", ())
    rows = LENGTH + 1
    assert fused.before == Flops(0, 2 * 2 * rows**2 * WIDTH)
    scores, target = 2 * LENGTH + 1, rows
    assert fused.attainable is not None
    assert fused.attainable.per_candidate == 2 * WIDTH * (scores + target)
    assert found.ratio is not None
    assert 0.99 <= found.ratio <= 1.0  # the target's score of itself is multiplied elementwise
    assert not found.notes


def test_an_attention_that_stays_is_counted_as_a_whole_and_named() -> None:
    found = attention(2, 8)
    fused = found.products[3]
    assert fused.reached == fused.before == fused.attainable
    assert any(fused.node in note and "as a whole" in note for note in found.notes)
