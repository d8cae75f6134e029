"""Layout changes of values whose extents only the run knows."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import Feeds, InputLabel, Labels, Role, load, open_session, plan
from support.builders import build

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_reshape_by_two_free_extents_takes_an_empty_history(opset: int, length: int) -> None:
    """Heads of ids `[N, L]`: keys `[N, L, 4] -> [N, L, 2, 2] -> [N, 2, L, 2]`."""
    source = build(
        """
        rows = Gather (table, ids) keys = MatMul (rows, WK)
        heads = Reshape (keys, split) across = Transpose <perm = [0, 2, 3, 1]> (heads)
        hidden = MatMul (u, WQ) one = Reshape (hidden, query)
        logits = MatMul (one, across) weights = Softmax <axis = -1> (logits)
        values = Transpose <perm = [0, 2, 1, 3]> (heads) pooled = MatMul (weights, values)
        flat = Reshape (pooled, joined) y = MatMul (flat, W)
        """,
        inputs="int64[N, L] ids, float[N, 3] u",
        outputs="float[N, 1] y",
        weights={
            "table": RNG.standard_normal((9, 4)).astype(np.float32),
            "WK": RNG.standard_normal((4, 4)).astype(np.float32),
            "WQ": RNG.standard_normal((3, 4)).astype(np.float32),
            "W": RNG.standard_normal((4, 1)).astype(np.float32),
            "split": np.array([0, -1, 2, 2]),
            "query": np.array([-1, 2, 1, 2]),
            "joined": np.array([-1, 4]),
        },
        opset=opset,
    )
    model = load(source, name="heads")
    labels = {"ids": InputLabel(role=Role.ITEM), "u": InputLabel(role=Role.USER)}
    planned = plan(model, Labels(labels))
    feeds: Feeds = {
        "ids": RNG.integers(0, 9, (3, length)),
        "u": np.repeat(RNG.standard_normal((1, 3)), 3, axis=0).astype(np.float32),
    }
    found, wanted = (open_session(m).run(feeds)["y"] for m in (planned.optimized, model))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_a_constant_is_not_repeated_in_the_file_without_bound() -> None:
    """Four billion zeros take nothing until a node that is kept asks for them."""
    source = build(
        "many = ConstantOfShape (extents) sum = CumSum (many, zero) "
        "some = ReduceMean <keepdims = 0> (sum) y = Add (i, some)",
        inputs="float[N, 3] i",
        outputs="float[N, 3] y",
        weights={"extents": np.array([1 << 32]), "zero": np.array(0)},
    )
    model = load(source, name="many")
    made = plan(model, Labels({"i": InputLabel(role=Role.ITEM)})).optimized
    sizes = [value.const_value.nbytes for value in made.ir.graph.initializers.values()
             if value.const_value is not None]  # fmt: skip
    assert sum(sizes) < 1000
