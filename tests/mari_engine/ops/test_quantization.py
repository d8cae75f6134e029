"""Quantized parts stay exact in every bit; what belongs to the request still runs once."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import Plan, load, plan
from support.builders import build
from support.rewrite_checks import requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
WEIGHTS: dict[str, np.ndarray] = {
    "U": RNG.integers(0, 255, (16, 8)).astype(np.uint8), "z": np.array(127, np.uint8),
    "J": RNG.integers(0, 255, (12, 8)).astype(np.uint8), "s": np.array(0.02, np.float32),
    "F": RNG.normal(size=(16, 8)).astype("f"), "G": RNG.normal(size=(20, 8)).astype("f"),
    "H": RNG.normal(size=(8, 5)).astype("f"),
}  # fmt: skip
GIVEN = requests((1, 2, 7), u="user N, 16", i="item N, 4", whole=False)
DYNAMIC = (
    "{x}q, {x}s, {x}z = DynamicQuantizeLinear ({x}) {x}m = MatMulInteger ({x}q, {w}, {x}z, z) "
    "{x}c = Cast <to = 1> ({x}m) {x}t = Mul ({x}s, s) {y} = Mul ({x}c, {x}t) "
)


def equal(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.array_equal(left, right))


def built(body: str, width: int = 8) -> bytes:
    return build(
        body, inputs="float[N, 16] u, float[N, 4] i", outputs=f"float[N, {width}] y",
        weights=WEIGHTS, opset=17,
    )  # fmt: skip


def planned(data: bytes) -> Plan:
    made = plan(load(data), LABELS)
    assert made.coloring.unknown == {} or "few steps" in " ".join(made.coloring.unknown.values())
    return made


def test_a_quantized_user_tower_runs_once_in_the_same_bits() -> None:
    joined = DYNAMIC.format(x="c", w="J", y="y")
    data = built(f"{DYNAMIC.format(x='u', w='U', y='h')} c = Concat <axis = 1> (h, i) {joined}")
    made = planned(data)
    assert [decision.action for decision in made.decisions] == ["once", "kept"]
    assert "scale is taken from all rows and columns" in made.decisions[1].reason
    assert wrong_rewrites(data, LABELS, GIVEN, equal) == []


def test_what_is_rounded_to_few_steps_is_the_same_in_every_bit_before() -> None:
    joined = DYNAMIC.format(x="c", w="J", y="y")
    data = built(f"h = MatMul (u, F) c = Concat <axis = 1> (h, i) {joined}")
    made = planned(data)
    assert [decision.action for decision in made.decisions] == ["kept", "kept"]
    assert "few steps, which tell any other order of sums apart" in made.decisions[0].reason
    assert wrong_rewrites(data, LABELS, GIVEN, equal) == []


def test_columns_that_are_quantized_together_stay_together() -> None:
    data = built(
        "c = Concat <axis = 1> (u, i) q = QuantizeLinear (c, s, z) d = DequantizeLinear (q, s, z) "
        "m = MatMul (d, G) r = QuantizeLinear (m, s, z) y = DequantizeLinear (r, s, z)"
    )
    made = planned(data)
    assert [decision.action for decision in made.decisions] == ["kept"]
    assert wrong_rewrites(data, LABELS, GIVEN, equal) == []


def test_after_the_last_rounding_products_are_split_as_ever() -> None:
    wide = WEIGHTS | {"K": RNG.normal(size=(808, 64)).astype("f")}
    data = build(
        f"{DYNAMIC.format(x='i', w='W4', y='h')} c = Concat <axis = 1> (u, h) y = MatMul (c, K)",
        inputs="float[N, 800] u, float[N, 4] i", outputs="float[N, 64] y",
        weights=wide | {"W4": WEIGHTS["J"][:4]}, opset=17,
    )  # fmt: skip
    made = plan(load(data), LABELS)
    assert [decision.action for decision in made.decisions] == ["kept", "split"]


@pytest.mark.parametrize("axis", [0, 1])
def test_scales_for_each_column_are_used_by_column(axis: int) -> None:
    turned = "t = Transpose (u)" if axis == 0 else "t = Identity (u)"
    back = "b = Transpose (d)" if axis == 0 else "b = Identity (d)"
    data = build(
        f"{turned} q = QuantizeLinear <axis = {axis}> (t, many, zeros) "
        f"d = DequantizeLinear <axis = {axis}> (q, many, zeros) {back} "
        "c = Concat <axis = 1> (b, i) y = MatMul (c, G)",
        inputs="float[N, 16] u, float[N, 4] i", outputs="float[N, 8] y", opset=17,
        weights=WEIGHTS | {
            "many": np.linspace(0.01, 0.1, 16, dtype="f"), "zeros": np.zeros(16, np.uint8)
        },
    )  # fmt: skip

    def near(left: np.ndarray, right: np.ndarray) -> bool:
        return bool(np.allclose(left, right, rtol=1e-5, atol=1e-5))

    assert wrong_rewrites(data, LABELS, GIVEN, near) == []
