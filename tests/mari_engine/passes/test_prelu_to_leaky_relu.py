"""PRelu of one slope runs as LeakyRelu."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
LABELS = roles(u="user", i="item")
GIVEN = requests(u="user N, 6", i="item N, 4", whole=False)


def tower(slope: np.ndarray, kind: str = "float") -> bytes:
    """Return a layer whose activation leaks."""
    number = np.float32 if kind == "float" else np.float64
    return build(
        "x = Concat <axis = 1> (u, i) h = MatMul (x, w) y = PRelu (h, s)",
        inputs=f"{kind}[N, 6] u, {kind}[N, 4] i",
        outputs=f"{kind}[N, 8] y",
        weights={"w": RNG.normal(size=(10, 8)).astype(number), "s": slope.astype(number)},
    )


def ops(data: bytes) -> list[str]:
    made = plan(load(data), LABELS, signature="compact")
    return [node.op_type for node in made.optimized.ir.graph]


@pytest.mark.parametrize("slope", [0.25, 0.0, 1.5, -0.5])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_slope_is_a_leak(shape: tuple[int, ...], slope: float) -> None:
    data = tower(np.full(shape, slope))
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6)) == []
    assert "LeakyRelu" in ops(data)


def test_several_slopes_stay() -> None:
    data = tower(RNG.normal(size=8))
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6)) == []
    assert "LeakyRelu" not in ops(data)


def test_double_precision_stays() -> None:
    assert "LeakyRelu" not in ops(tower(np.full(1, 0.1), "double"))


def test_one_that_is_kept_stays() -> None:
    model = load(tower(np.full(1, 0.25)))
    (name,) = (node.name or "" for node in model.ir.graph if node.op_type == "PRelu")
    made = plan(model, LABELS, signature="compact", keep=[name])
    assert "PRelu" in [node.op_type for node in made.optimized.ir.graph]
