"""What nothing reads is not attainable work: rows, pairs and columns, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.pipeline import plan
from mari_engine.types import Flops, Measurement
from support.builders import build
from support.rewrite_checks import roles

LENGTH, WIDTH, HIDDEN = 12, 32, 64
ROWS = LENGTH + 1
INPUTS = f"float[N, {LENGTH}, {WIDTH}] user, float[N, 1, {WIDTH}] item"


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def measured(body: str, outputs: str, **weights: np.ndarray) -> Measurement:
    data = build(body, inputs=INPUTS, outputs=outputs, weights=weights, opset=17)
    labels = roles(user="user", item="item")
    return measure(plan(load(data, name="g"), labels, candidates=100, autotune=False))


READS = {
    "gathered": "y = Gather <axis = 1> (z, last)",
    "sliced": "y = Slice (z, first, end, one)",
    "split": "x0, y = Split <axis = 1> (z, parts)",
    "turned": "t = Transpose <perm = [1, 0, 2]> (z) y = Gather <axis = 0> (t, last)",
    "flat": "zf = Reshape (z, flat) y = Slice (zf, begin, stop, one)",
    "by its own length": """
        zs = Shape (z) n = Gather <axis = 0> (zs, one) b = Sub (n, one) y = Slice (z, b, n, one)
    """,
}
PLACES = {
    "last": np.array([LENGTH]), "first": np.array([-1]), "end": np.array([ROWS]),
    "one": np.array([1]), "parts": np.array([LENGTH, 1]), "flat": np.array([-1, ROWS * WIDTH]),
    "begin": np.array([LENGTH * WIDTH]), "stop": np.array([ROWS * WIDTH]),
}  # fmt: skip


@pytest.mark.parametrize("read", READS)
def test_a_transformer_that_is_read_at_the_target_needs_its_row(read: str) -> None:
    """The history's keys and values once, and of all else the target's row."""
    body = f"""
        x = Concat <axis = 1> (user, item) q = MatMul (x, Q) k = MatMul (x, K) v = MatMul (x, V)
        t0 = Transpose <perm = [0, 2, 1]> (k) s = MatMul (q, t0) p = Softmax <axis = -1> (s)
        a = MatMul (p, v) r = Add (a, x) h = LayerNormalization (r, scale) f = MatMul (h, A)
        g = Relu (f) e = MatMul (g, B) z = Add (e, h) {READS[read]}
    """
    weights = {
        "Q": drawn(WIDTH, WIDTH), "K": drawn(WIDTH, WIDTH + 1)[:, 1:], "V": drawn(WIDTH, WIDTH),
        "scale": drawn(WIDTH), "A": drawn(WIDTH, HIDDEN), "B": drawn(HIDDEN, WIDTH),
    }  # fmt: skip
    used = {name: array for name, array in PLACES.items() if name in body}
    shape = f"N, {WIDTH}" if read == "flat" else f"N, 1, {WIDTH}"
    shape = f"1, N, {WIDTH}" if read == "turned" else shape
    found = measured(body, f"float[{shape}] y", **weights, **used)
    own, history = Flops(0, 2 * WIDTH**2), Flops(2 * LENGTH * WIDTH**2, 2 * WIDTH**2)
    sums, wide = Flops(0, 2 * ROWS * WIDTH), Flops(0, 2 * WIDTH * HIDDEN)
    best = [each.attainable for each in found.products]
    assert best == [own, history, history, sums, sums, wide, wide]
    assert found.limit.at(100) <= found.attainable.at(100)
    assert found.ratio is not None
    # The rewriter does not follow rows through a Reshape that joins them with columns.
    assert 0.95 <= found.ratio <= (np.inf if read == "flat" else 1.05)


def test_pairs_that_nothing_reads_are_not_made() -> None:
    """T·Tᵀ over 6 user fields and an item's, read below the diagonal: six pairs meet the item."""
    body = """
        x = Concat <axis = 1> (user, item) t = Transpose <perm = [0, 2, 1]> (x) p = MatMul (x, t)
        f = Reshape (p, flat) y = Gather <axis = 1> (f, below)
    """
    rows, columns = np.tril_indices(ROWS, -1)
    pairs = {"flat": np.array([-1, ROWS**2]), "below": rows * ROWS + columns}
    found = measured(body, f"float[N, {len(rows)}] y", **pairs)
    once = LENGTH * (LENGTH - 1) // 2
    assert found.attainable == Flops(2 * WIDTH * once, 2 * WIDTH * LENGTH)
    assert found.reached is not None
    assert found.reached.at(100) >= found.attainable.at(100)


def test_columns_that_nothing_reads_are_not_made() -> None:
    body = "x = Concat <axis = 1> (user, item) h = MatMul (x, A) y = Slice (h, zero, three, two)"
    places = {"zero": np.array([0]), "three": np.array([3]), "two": np.array([2])}
    found = measured(body, "float y", A=drawn(WIDTH, HIDDEN), **places)
    assert found.attainable == Flops(2 * LENGTH * WIDTH * 3, 2 * WIDTH * 3)


def test_what_is_read_elsewhere_too_is_made() -> None:
    body = """
        x = Concat <axis = 1> (user, item) h = MatMul (x, A) y = Gather <axis = 1> (h, last)
        z = ReduceMax <axes = [1]> (h)
    """
    found = measured(
        body, f"float[N, 1, {HIDDEN}] y, float[N, 1, {HIDDEN}] z",
        A=drawn(WIDTH, HIDDEN), last=PLACES["last"],
    )  # fmt: skip
    assert found.attainable == Flops(2 * LENGTH * WIDTH * HIDDEN, 2 * WIDTH * HIDDEN)


def test_what_an_op_without_a_rule_or_a_body_reads_is_made() -> None:
    body = """
        x = Concat <axis = 1> (user, item) h = MatMul (x, A) s = ReduceSum <keepdims = 0> (item)
        c = Greater (s, none)
        y = If (c) <
            then_branch = then () => (float[N, 1, 64] a) { a = Gather <axis = 1> (h, last) },
            else_branch = other () => (float[N, 1, 64] b) { b = Gather <axis = 1> (h, last) }
        >
    """
    found = measured(
        body, "float y", A=drawn(WIDTH, HIDDEN), last=PLACES["last"], none=np.array(0, "f")
    )
    assert found.attainable == Flops(2 * LENGTH * WIDTH * HIDDEN, 2 * WIDTH * HIDDEN)
