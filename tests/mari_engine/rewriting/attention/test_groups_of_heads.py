"""GroupQueryAttention over a history with the target behind it: the history's rows run once."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from mari_engine import load, optimize
from mari_engine.types import Action
from support.builders import build_proto
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LENGTH, WIDTH, GROUPS = 24, 64, 32
LABELS = roles(h="user", t="item")
RNG = np.random.default_rng(0)
ANGLES = np.arange(LENGTH + 1)[:, None] / 10.0 ** np.arange(8)
WEIGHTS = {
    "q": RNG.standard_normal((WIDTH, WIDTH)).astype("f") / 8,
    "k": RNG.standard_normal((WIDTH, GROUPS)).astype("f") / 8,
    "v": RNG.standard_normal((WIDTH, GROUPS)).astype("f") / 8,
    "o": RNG.standard_normal((WIDTH, WIDTH)).astype("f") / 8,
    "c": np.cos(ANGLES).astype("f"), "s": np.sin(ANGLES).astype("f"),
    "total": np.array(LENGTH + 1, np.int32), "axis": np.array([1]),
}  # fmt: skip
READ = {
    "as they are": ("", "(xq, xk, xv, , , last, total)"),
    "turned": (", do_rotary = 1", "(xq, xk, xv, , , last, total, c, s)"),
}


def layer(attributes: str, operands: str) -> bytes:
    text = f"""
        one = Unsqueeze (t, axis) x = Concat <axis = 1> (h, one)
        xq = MatMul (x, q) xk = MatMul (x, k) xv = MatMul (x, v)
        n = Shape <start = 0, end = 1> (t)
        last = ConstantOfShape <value = int32[1] {{{LENGTH}}}> (n)
        a, ak, av = com.microsoft.GroupQueryAttention
            <num_heads = 4, kv_num_heads = 2{attributes}> {operands}
        ao = MatMul (a, o) r = Relu (ao) y = ReduceMean <axes = [1], keepdims = 0> (r)
    """
    inputs = f"float[N, {LENGTH}, {WIDTH}] h, float[N, {WIDTH}] t"
    proto = build_proto(text, inputs=inputs, outputs=f"float[N, {WIDTH}] y", weights=WEIGHTS)
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize(("attributes", "operands"), READ.values(), ids=READ)
def test_no_row_of_the_history_sees_the_target_and_they_run_once(
    attributes: str, operands: str
) -> None:
    made = optimize(load(layer(attributes, operands)), LABELS, candidates=500, autotune=False)
    assert made.certificate.passed, made.certificate.reason
    assert made.flops.ratio(500) > 15
    actions = {each.op: each.action for each in made.decisions}
    assert actions["GroupQueryAttention"] == Action.SPLIT


@pytest.mark.parametrize(("attributes", "operands"), READ.values(), ids=READ)
def test_it_is_equal_in_every_way_to_rewrite(attributes: str, operands: str) -> None:
    given = requests(
        (1, 3), whole=False, h=f"user N, {LENGTH}, {WIDTH}", t=f"item N, {WIDTH}"
    )  # fmt: skip
    assert wrong_rewrites(layer(attributes, operands), LABELS, given, alike(1e-5)) == []
