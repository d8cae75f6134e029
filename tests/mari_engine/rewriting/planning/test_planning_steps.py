"""Planning takes steps in proportion to the graph: counted as function calls, never as time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import numpy as np
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Labels
from support.builders import build
from support.rewrite_checks import roles


def calls(model: Model, labels: Labels) -> int:
    """Return the function calls that planning makes, those into libraries included."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        plan(model, labels)
    finally:
        sys.setprofile(None)
    return count


def residual_tower(layers: int) -> tuple[Model, Labels]:
    """Return a tower whose layers each add to what came before, a chain without an end."""
    rng = np.random.default_rng(0)
    body = "x = Concat <axis = 1> (u, i) h0 = MatMul (x, w) "
    for at in range(layers):
        body += f"a{at} = MatMul (h{at}, v) r{at} = Relu (a{at}) h{at + 1} = Add (h{at}, r{at}) "
    data = build(
        body + f"y = ReduceSum <keepdims = 1> (h{layers}, last)",
        inputs="float[N, 4] u, float[N, 4] i", outputs="float[N, 1] y",
        weights={
            "w": rng.standard_normal((8, 6)).astype(np.float32),
            "v": rng.standard_normal((6, 6)).astype(np.float32),
            "last": np.array([1]),
        },
    )  # fmt: skip
    return load(data, name="tower"), roles(u="user", i="item")


def experts(count: int) -> tuple[Model, Labels]:
    """Return as many experts as features, all of which each expert reads."""
    rng = np.random.default_rng(0)
    names = [f"{'ui'[at % 2]}{at}" for at in range(count)]
    body = f"x = Concat <axis = 1> ({', '.join(names)}) "
    for at in range(count):
        body += f"a{at} = MatMul (x, w) e{at} = Relu (a{at}) "
    body += f"y = Sum ({', '.join(f'e{at}' for at in range(count))})"
    data = build(
        body, inputs=", ".join(f"float[N, 8] {name}" for name in names),
        outputs="float[N, 4] y",
        weights={"w": rng.standard_normal((8 * count, 4)).astype(np.float32)},
    )  # fmt: skip
    return load(data, name="experts"), roles(
        **{name: "user" if name[0] == "u" else "item" for name in names}
    )


@pytest.mark.parametrize("family", [residual_tower, experts])
def test_twice_the_graph_takes_twice_the_steps(
    family: Callable[[int], tuple[Model, Labels]],
) -> None:
    small, large = (calls(*family(count)) for count in (40, 80))
    assert large < 2.2 * small


def test_a_chain_deeper_than_the_stack_is_planned() -> None:
    planned = plan(*residual_tower(600))
    assert not planned.failures
    assert planned.decisions
