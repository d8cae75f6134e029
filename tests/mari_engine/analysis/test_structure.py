"""A structure's digest: equal for new weights and names inside, another for all else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from mari_engine import color, load
from mari_engine.analysis import structure_of
from mari_engine.types import InputLabel, Labels, Role, Side
from support.builders import build

RNG = np.random.default_rng(0)
BODY = "h = MatMul (x, w) r = Reshape (h, s) a = LeakyRelu <alpha = 0.1> (r) y = Add (a, b)"
WEIGHTS: Mapping[str, np.ndarray] = {
    "w": RNG.normal(size=(3, 4)).astype(np.float32),
    "s": np.array([0, 4]),
    "b": np.zeros(4, np.float32),
}


def digest(
    body: str = BODY,
    weights: Mapping[str, np.ndarray] = WEIGHTS,
    inputs: str = "float[N, 3] x",
    outputs: str = "float[N, 4] y",
    opset: int = 17,
) -> str:
    model = load(build(body, inputs=inputs, outputs=outputs, weights=weights, opset=opset))
    return structure_of(model).digest


def with_weight(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    return {**WEIGHTS, name: array}


def test_new_weights_are_the_same_structure() -> None:
    assert digest(weights=with_weight("w", WEIGHTS["w"] + 1)) == digest()


def test_names_inside_do_not_count() -> None:
    assert digest(BODY.replace("h ", "z ").replace("(h,", "(z,")) == digest()


def test_symbols_count_by_place() -> None:
    renamed = digest(inputs="float[batch, 3] x", outputs="float[batch, 4] y")
    assert renamed == digest()
    assert digest(inputs="float[batch, 3] x", outputs="float[other, 4] y") != digest()


def test_equal_weights_may_be_one_or_two() -> None:
    body = "a = Add (x, b) y = Add (a, c)"
    zeros = np.zeros(4, np.float32)
    wide = "float[N, 4] x"
    two = digest(body, {"b": zeros, "c": zeros}, wide)
    assert digest(body.replace("c)", "b)"), {"b": zeros}, wide) == two


@pytest.mark.parametrize(
    "other",
    [
        digest(weights=with_weight("s", np.array([-1, 4]))),
        digest(weights=with_weight("b", np.zeros((1, 4), np.float32))),
        digest(BODY.replace("0.1", "0.2")),
        digest(BODY.replace("Add", "Mul")),
        digest(BODY.replace("(a, b)", "(b, a)")),
        digest(BODY.replace("(x, w)", "(z, w)"), inputs="float[N, 3] z"),
        digest(inputs="float[2, 3] x"),
        digest(opset=18),
    ],
    ids=["reshape", "bias", "slope", "operator", "wiring", "input", "extent", "opset"],
)
def test_all_else_counts(other: str) -> None:
    assert other != digest()


def test_a_slope_does_not_count_where_a_rewrite_may_have_written_it() -> None:
    first, second = (
        load(build(BODY.replace("0.1", slope), inputs="float[N, 3] x", outputs="float[N, 4] y",
                   weights=WEIGHTS))
        for slope in ("0.1", "0.2")
    )  # fmt: skip
    assert structure_of(first).digest != structure_of(second).digest
    loose = [structure_of(model, fractions=False).digest for model in (first, second)]
    assert loose[0] == loose[1]


def test_a_table_of_whole_numbers_is_data_and_an_index_is_not() -> None:
    def looked_up(table: list[int], index: list[int]) -> str:
        return digest(
            "g = Gather (t, i) c = Gather <axis = 1> (x, k) f = Cast <to = 1> (g) y = Add (c, f)",
            {"t": np.array(table), "k": np.array(index)},
            "int64[N, 2] i, float[N, 3] x",
            "float[N, 2] y",
        )

    assert looked_up([5, 6, 7], [0, 1]) == looked_up([7, 6, 5], [0, 1])
    assert looked_up([5, 6, 7], [0, 1]) != looked_up([5, 6, 7], [2, 1])


def test_zero_points_are_data() -> None:
    def quantized(zero: int, bias: int) -> str:
        return digest(
            "q = QuantizeLinear (x, s, z) d = DequantizeLinear (q, s, z) "
            "c = DequantizeLinear (b, s) y = Add (d, c)",
            {
                "s": np.array(0.1, np.float32),
                "z": np.array(zero, np.uint8),
                "b": np.array([bias] * 3, np.int32),
            },
            outputs="float[N, 3] y",
        )

    assert quantized(3, 1) == quantized(4, 2)


def test_bodies_count_with_what_they_capture() -> None:
    def looped(body: str) -> str:
        return digest(
            f"""y = Loop (n, c, x) <body = g (int64 i, bool k, float[N, 3] s)
                => (bool o, float[N, 3] t) {{ o = Identity (k) {body} }}>""",
            {"n": np.array(3), "c": np.array(True), "w": np.eye(3, dtype=np.float32)},
            outputs="float[N, 3] y",
        )

    assert looped("t = MatMul (s, w)") == looped("t = MatMul (s, w)")
    assert looped("t = MatMul (s, w)") != looped("t = MatMul (x, w)")


def test_nodes_have_the_sides_of_a_coloring() -> None:
    model = load(
        build("a = Relu (u) y = Add (a, i)", inputs="float[N, 2] u, float[N, 2] i",
              outputs="float[N, 2] y")
    )  # fmt: skip
    labels = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
    colored = structure_of(model, color(model, labels))
    assert [node.side for node in colored.nodes] == [Side.REQUEST, Side.CANDIDATE]
    assert colored.digest == structure_of(model).digest
