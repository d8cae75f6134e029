"""Cells written as one product of their input and their state: the input's share leaves them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine import Model, load, plan
from mari_engine.graph import list_bodies
from mari_engine.passes.loop_products import HOIST_FROM_BODIES, SPLIT_IN_BODIES
from mari_engine.passes.pass_manager import run_pass
from support.builders import build
from support.pass_checks import after, reasons
from support.rewrite_checks import alike, roles, wrong_rewrites

RNG = np.random.default_rng(47)
LABELS = roles(h="user", u="user", i="item")
WIDE, HIDDEN = 16, 8
JOINED = WIDE + HIDDEN
INPUTS = f"float[L, N, {WIDE}] h, float[N, {HIDDEN}] u, float[N, {HIDDEN}] i"


def weights(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype("f") / 4


WEIGHTS = {
    "W": weights(JOINED, HIDDEN), "T": weights(HIDDEN, JOINED),
    "U": weights(JOINED + HIDDEN, HIDDEN),
    "c": weights(HIDDEN), "true": np.array(True),
    "axis0": np.array([0]),
}  # fmt: skip


def requests() -> list[dict[str, np.ndarray]]:
    out = []
    for batch, length in ((1, 2), (2, 5), (5, 3)):
        h = np.repeat(RNG.normal(size=(length, 1, WIDE)), batch, 1)
        u = np.repeat(RNG.normal(size=(1, HIDDEN)), batch, 0)
        i = RNG.normal(size=(batch, HIDDEN))
        out.append({"h": h.astype("f"), "u": u.astype("f"), "i": i.astype("f")})
    return out


def scan(step: str) -> str:
    return f"""
        y = Scan <num_scan_inputs = 1, body = step
            (float[N, {HIDDEN}] s, float[N, {WIDE}] x) => (float[N, {HIDDEN}] t) {{
            {step} t = Tanh (p) }}> (i, h)
    """


def loop(step: str) -> str:
    return f"""
        e = Shape <start = 0, end = 1> (h) n = Squeeze (e, axis0)
        y = Loop <body = step (int64 at, bool go, float[N, {HIDDEN}] s)
            => (bool on, float[N, {HIDDEN}] t) {{ on = Identity (go)
            x = Gather <axis = 0> (h, at) {step} t = Tanh (p) }}> (n, true, i)
    """


def model(body: str) -> Model:
    return load(build(body, inputs=INPUTS, outputs=f"float[N, {HIDDEN}] y", weights=WEIGHTS))


def products(graph: ir.Graph) -> int:
    return sum(node.op_type in ("MatMul", "Gemm") for node in graph)


def split(body: str) -> tuple[int, int]:
    """Check a model in all ways of rewriting it; return its products outside and in the body."""
    data = build(body, inputs=INPUTS, outputs=f"float[N, {HIDDEN}] y", weights=WEIGHTS)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-5)) == []
    graph = run_pass(HOIST_FROM_BODIES, after(SPLIT_IN_BODIES, load(data))).model.ir.graph
    (step,) = (each for node in graph for each in list_bodies(node))
    return products(graph), products(step)


STEPS = {
    "MatMul": "j = Concat <axis = -1> (x, s) p = MatMul (j, W)",
    "the state first": "j = Concat <axis = -1> (s, x) p = MatMul (j, W)",
    "Gemm": "j = Concat <axis = 1> (x, s) p = Gemm (j, W)",
    "Gemm with a bias": "j = Concat <axis = 1> (s, x) p = Gemm (j, W, c)",
    "Gemm of turned weights": "j = Concat <axis = 1> (x, s) p = Gemm <transB = 1> (j, T, c)",
    "a state made there": "r = Relu (s) j = Concat <axis = -1> (x, r) p = MatMul (j, W)",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
@pytest.mark.parametrize("write", [scan, loop])
def test_the_inputs_share_is_made_for_all_steps(step: str, write: object) -> None:
    assert callable(write)
    assert split(write(step)) == (1, 1)


@pytest.mark.parametrize("order", ["x, u, s", "x, s, u", "u, s, x", "s, x, u"])
def test_each_part_without_state_is_a_product_of_its_own(order: str) -> None:
    step = f"j = Concat <axis = 1> ({order}) p = Gemm (j, U, c)"
    assert split(scan(step)) == (2, 1)


def test_no_two_values_in_front_of_the_loop_share_a_name() -> None:
    body = scan("j = Concat <axis = 1> (x, u, s) p = Gemm (j, U, c)")
    graph = after(SPLIT_IN_BODIES, model(body)).model.ir.graph
    names = [value.name for node in graph for value in node.outputs]
    assert len(set(names)) == len(names)


def test_parts_with_state_stay_one_product() -> None:
    step = "r = Relu (s) j = Concat <axis = -1> (s, x, r) p = MatMul (j, U)"
    assert split(loop(step)) == (1, 1)


def test_the_share_is_counted_once_per_request() -> None:
    made = plan(model(scan(STEPS["Gemm"])), LABELS, candidates=2000).flops.after.flops
    assert made.per_request == 32 * 2 * WIDE * HIDDEN  # a length that only the run knows: 32
    assert made.per_candidate == 32 * (2 * HIDDEN * HIDDEN + 5 * HIDDEN)


@pytest.mark.parametrize(
    "step",
    [
        "r = Relu (x) j = Concat <axis = -1> (r, s) p = MatMul (j, W)",  # made in the body
        "j = Concat <axis = 1> (x, s) p = Gemm <alpha = 0.5> (j, W)",
        "v = Relu (W) j = Concat <axis = -1> (x, s) p = MatMul (j, v)",
    ],
)
def test_other_products_stay_whole(step: str) -> None:
    original = model(scan(step))
    assert after(SPLIT_IN_BODIES, original).model is original


def test_what_is_rounded_afterwards_stays() -> None:
    body = scan(STEPS["MatMul"]).replace("y =", "o =") + (
        "q, scale, point = DynamicQuantizeLinear (o) y = DequantizeLinear (q, scale, point)"
    )
    assert reasons(SPLIT_IN_BODIES, model(body)) == [
        "its sums are rounded to few steps afterwards, and keep their order"
    ]
