"""Products in a Scan or Loop that read no state are made for all steps before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine import load, plan
from mari_engine.graph import list_bodies
from mari_engine.passes.loop_products import HOIST_FROM_BODIES
from support.builders import build
from support.pass_checks import after, reasons
from support.rewrite_checks import alike, roles, wrong_rewrites

Write = Callable[[str], str]
RNG = np.random.default_rng(31)
LABELS = roles(h="user", b="user", u="user", i="item")
WIDE, HIDDEN = 16, 8
INPUTS = f"float[L, N, {WIDE}] h, float[N, L, {WIDE}] b, float[N, {HIDDEN}] u, float[N, {HIDDEN}] i"
WEIGHTS = {
    "W": RNG.uniform(-1, 1, (WIDE, HIDDEN)).astype("f") / 4,
    "T": RNG.uniform(-1, 1, (HIDDEN, WIDE)).astype("f") / 4,
    "U": RNG.uniform(-1, 1, (HIDDEN, HIDDEN)).astype("f") / 4,
    "c": RNG.uniform(-1, 1, HIDDEN).astype("f"), "true": np.array(True),
    "axis0": np.array([0]), "two": np.array(2),
}  # fmt: skip


def requests() -> list[dict[str, np.ndarray]]:
    out = []
    for batch, length in ((1, 2), (2, 5), (5, 3)):
        h = RNG.normal(size=(length, 1, WIDE))
        u = RNG.normal(size=(1, HIDDEN))
        full = np.repeat(h, batch, 1).astype("f")
        out.append({
            "h": full, "b": np.ascontiguousarray(full.transpose(1, 0, 2)),
            "u": np.repeat(u, batch, 0).astype("f"),
            "i": RNG.normal(size=(batch, HIDDEN)).astype("f"),
        })  # fmt: skip
    return out


def scan(step: str, sequence: str = "h", state: str = "i", more: str = "") -> str:
    return f"""
        y = Scan <num_scan_inputs = 1, {more} body = step
            (float[N, {HIDDEN}] s, float[N, {WIDE}] x) => (float[N, {HIDDEN}] t) {{
            {step} r = MatMul (s, U) k = Add (p, r) t = Tanh (k) }}> ({state}, {sequence})
    """


def loop(step: str, table: str = "h", axis: int = 0) -> str:
    return f"""
        e = Shape <start = {axis}, end = {axis + 1}> ({table}) n = Squeeze (e, axis0)
        y = Loop <body = step (int64 at, bool go, float[N, {HIDDEN}] s)
            => (bool on, float[N, {HIDDEN}] t) {{ on = Identity (go)
            x = Gather <axis = {axis}> ({table}, at) {step} r = MatMul (s, U) k = Add (p, r)
            t = Tanh (k) }}> (n, true, i)
    """


def built(body: str) -> bytes:
    return build(body, inputs=INPUTS, outputs=f"float[N, {HIDDEN}] y", weights=WEIGHTS)


def checked(body: str) -> list[ir.Node]:
    """Check a model in all ways of rewriting it; return the nodes of the graph behind the pass."""
    data = built(body)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-5)) == []
    return list(after(HOIST_FROM_BODIES, load(data)).model.ir.graph)


def products(nodes: Sequence[ir.Node]) -> int:
    return sum(node.op_type in ("MatMul", "Gemm") for node in nodes)


STEPS = {
    "MatMul": "p = MatMul (x, W)",
    "Gemm": "p = Gemm (x, W)",
    "Gemm with a bias": "p = Gemm (x, W, c)",
    "Gemm of turned weights": "p = Gemm <transB = 1> (x, T, c)",
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(
    "write",
    [
        lambda step: scan(step),
        lambda step: scan(step, sequence="b", more="scan_input_axes = [1],"),
        lambda step: scan(step, more="scan_input_directions = [1],"),
        lambda step: loop(step),
        lambda step: loop(step, table="b", axis=1),
    ],
    ids=["scan", "scan along the second axis", "scan backwards", "loop", "loop along the second"],
)
def test_the_history_is_projected_once_for_all_steps(name: str, write: Write) -> None:
    nodes = checked(write(STEPS[name]))
    (body,) = list_bodies(nodes[-1])
    assert products(nodes) == 1
    assert products(list(body)) == 1  # of the state


def scanned(nodes: Sequence[ir.Node]) -> int:
    """Return how many sequences the Scan among the nodes reads."""
    (found,) = (node for node in nodes if node.op_type == "Scan")
    return found.attributes["num_scan_inputs"].as_int()


def test_several_products_of_one_step_leave_the_scan_with_their_sequence() -> None:
    body = scan("a = MatMul (x, W) q = Gemm <transB = 1> (x, T, c) g = Sigmoid (q) p = Mul (a, g)")
    assert scanned(checked(body)) == 2


def test_a_sequence_that_is_read_elsewhere_in_the_body_stays_one() -> None:
    body = scan("a = MatMul (x, W) m = ReduceMax <axes = [1]> (x) p = Mul (a, m)")
    assert scanned(checked(body)) == 2


@pytest.mark.parametrize("write", [scan, loop])
def test_what_is_the_same_at_each_step_is_multiplied_once(write: Write) -> None:
    assert products(checked(write("p = MatMul (u, U)"))) == 1


def test_the_projected_history_is_one_row_for_all_candidates() -> None:
    made = plan(load(built(scan(STEPS["Gemm"]))), LABELS, candidates=2000)
    (step,) = (node for node in made.optimized.ir.graph if node.op_type == "Scan")
    own = 32 * (2 * HIDDEN * HIDDEN + 5 * HIDDEN)  # a length that only the run knows counts as 32
    assert made.flops.after.flops.per_candidate == own
    assert made.flops.after.flops.per_request == 32 * 2 * WIDE * HIDDEN
    projected = step.inputs[1]
    assert projected is not None
    maker = projected.producer()
    assert maker is not None
    assert maker.op_type != "Expand"


def test_products_of_the_state_stay() -> None:
    model = load(built(scan("p = MatMul (s, U)")))
    assert after(HOIST_FROM_BODIES, model).model is model


@pytest.mark.parametrize(
    "step",
    [
        "p = Gemm <alpha = 0.5> (x, W)",  # its scale would be lost
        "v = Relu (W) p = MatMul (x, v)",  # weights that are made in it
        "z = Transpose (x) w = Transpose (z) p = MatMul (w, W)",
    ],
)
def test_other_products_stay_in_the_body(step: str) -> None:
    model = load(built(scan(step)))
    assert after(HOIST_FROM_BODIES, model).model is model


def test_what_is_rounded_afterwards_stays() -> None:
    body = scan(STEPS["MatMul"]).replace("y =", "o =") + (
        "q, scale, point = DynamicQuantizeLinear (o) y = DequantizeLinear (q, scale, point)"
    )
    assert reasons(HOIST_FROM_BODIES, load(built(body))) == [
        "its sums are rounded to few steps afterwards, and keep their order"
    ]


def test_a_node_that_is_kept_keeps_its_products() -> None:
    model = load(built(scan(STEPS["MatMul"])))
    assert reasons(HOIST_FROM_BODIES, model, keep=("Scan",)) == ["kept on request"]
