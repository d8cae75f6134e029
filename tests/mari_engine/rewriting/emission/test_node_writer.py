"""Constants of the new graph hold what they stand for."""

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import optimize
from mari_engine.rewriting.emission import GraphBuilder
from support.builders import build
from support.rewrite_checks import roles


@pytest.mark.parametrize(
    ("number", "dtype", "cast"),
    [
        (0.5, ir.DataType.FLOAT16, False),
        (0.3, ir.DataType.FLOAT16, True),
        (float(np.float32(0.3)), ir.DataType.FLOAT, False),
        (0.3, ir.DataType.FLOAT, True),
        (0.3, ir.DataType.DOUBLE, False),
        (np.inf, ir.DataType.FLOAT16, False),
    ],
)
def test_a_number_that_its_type_does_not_hold_is_cast_in_the_graph(
    number: float, dtype: ir.DataType, cast: bool
) -> None:
    builder = GraphBuilder(opset=17)
    value = builder.scalar(number, dtype)
    assert [node.op_type for node in builder.nodes] == ["Cast"] * cast
    assert (value.producer() is not None) == cast
    (held,) = builder.initializers.values()
    assert held.const_value is not None
    assert float(held.const_value.numpy()) == number


def test_a_factor_of_float16_products_stays_the_same_number() -> None:
    """Gemm's alpha is a float32, whatever its operands are."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.standard_normal((6, 3)).astype(np.float16),
        "b": rng.standard_normal(3).astype(np.float16),
    }
    data = build(
        "c = Concat <axis = 1> (u, i) y = Gemm <alpha = 0.3, beta = 0.7> (c, w, b)",
        inputs="float16[N, 4] u, float16[N, 2] i",
        outputs="float16[N, 3] y",
        weights=weights,
    )
    labels = roles(u="user", i="item")
    result = optimize(load(data), labels, signature="compact", autotune=False)
    assert result.selection.way != "as it was"
    assert result.certificate.passed, result.certificate.reason
