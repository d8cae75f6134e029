import numpy as np
import onnxruntime as ort
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from support.builders import build

X = "float[N, 3] x"


def loaded(
    body: str, *, inputs: str = X, outputs: str = "float[A, B] y", **weights: object
) -> Model:
    arrays = {name: np.asarray(array) for name, array in weights.items()}
    return load(build(body, inputs=inputs, outputs=outputs, weights=arrays))


def ops(model: Model) -> list[str]:
    return [node.op_type for node in model.ir.graph]


def test_constant_chains_become_one_initializer() -> None:
    model = loaded(
        "t = Transpose (w)\n s = Neg (t)\n y = MatMul (x, s)",
        w=np.arange(6, dtype=np.float32).reshape(2, 3),
    )
    assert ops(model) == ["MatMul"]
    assert list(model.ir.graph.initializers) == ["s"]
    folded = model.ir.graph.initializers["s"].const_value
    assert folded is not None
    assert np.array_equal(folded.numpy(), -np.arange(6).reshape(2, 3).T)


def test_arithmetic_that_may_round_is_left_to_the_runtime() -> None:
    model = loaded(
        "t = Transpose (w)\n s = Div (t, three)\n y = MatMul (x, s)",
        w=np.arange(6, dtype=np.float32).reshape(2, 3),
        three=np.float32(3),
    )
    assert ops(model) == ["Div", "MatMul"]


def test_the_branch_that_is_always_taken_replaces_the_if() -> None:
    body = """
        shape = Shape (x)
        rank = Shape (shape)
        one = Constant <value_ints = [2]> ()
        same = Equal (rank, one)
        flag = Squeeze (same)
        tiled = If (flag) <
            then_branch = g1 () => (float[N, 6] a) { k = Constant <value_ints = [1, 2]> ()
                                                     a = Tile (x, k) },
            else_branch = g2 () => (float[N, 6] b) { b = Identity (x) }>
        y = Relu (tiled)
    """
    data = build(body, inputs=X, outputs="float[N, 6] y")
    model = load(data)
    assert ops(model) == ["Tile", "Relu"]
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    session = ort.InferenceSession(data)
    (wanted,) = session.run(None, {"x": x})
    assert np.array_equal(np.maximum(np.tile(x, (1, 2)), 0), wanted)


def test_an_if_on_a_real_condition_stays() -> None:
    body = """
        y = If (flag) <then_branch = g1 () => (float[N, 3] a) { a = Relu (x) },
                       else_branch = g2 () => (float[N, 3] b) { b = Exp (x) }>
    """
    assert ops(loaded(body, inputs=f"{X}, bool flag")) == ["If"]


SHAPES = [
    ("s = Shape (x)\n k = Gather (s, one)", [3]),
    ("s = Shape <start = 1> (x)\n k = Identity (s)", [3]),
    ("s = Shape (x)\n k = Slice (s, one, two)", [3]),
    ("s = Shape (x)\n r = Size (s)\n k = Reshape (r, one)", [2]),
]


@pytest.mark.parametrize(("body", "extent"), SHAPES)
def test_known_extents_are_constants(body: str, extent: list[int]) -> None:
    model = loaded(
        f"{body}\n e = Expand (x, k)\n y = Add (e, e)",
        one=np.array([1], np.int64),
        two=np.array([2], np.int64),
        inputs="float[N, 3] x",
    )
    assert ops(model) == ["Expand", "Add"]
    constant = model.ir.graph.initializers["k"].const_value
    assert constant is not None
    assert constant.numpy().tolist() == extent


def test_the_free_extent_stays_a_question() -> None:
    model = loaded(
        "s = Shape (x)\n n = Gather (s, zero)\n k = Concat <axis = 0> (n, one)\n y = Expand (u, k)",
        zero=np.array([0], np.int64),
        one=np.array([1], np.int64),
        inputs=f"{X}, float[1, 3] u",
    )
    assert ops(model) == ["Shape", "Gather", "Concat", "Expand"]


def test_random_and_quantizing_nodes_are_never_folded() -> None:
    body = """
        noise = RandomUniformLike <seed = 1.0> (w)
        real = DequantizeLinear (q, scale)
        z = Add (noise, real)
        y = Add (x, z)
    """
    model = loaded(
        body,
        w=np.ones(3, np.float32),
        q=np.ones(3, np.int8),
        scale=np.float32(0.5),
    )
    assert ops(model) == ["RandomUniformLike", "DequantizeLinear", "Add", "Add"]


def test_a_constant_that_would_grow_is_not_folded() -> None:
    model = loaded(
        "big = ConstantOfShape (k)\n m = ReduceSum <keepdims = 0> (big)\n y = Add (x, m)",
        k=np.array([1 << 20, 1 << 20], np.int64),
    )
    assert ops(model) == ["ConstantOfShape", "ReduceSum", "Add"]


def test_what_the_runtime_cannot_run_is_left_and_the_rest_folded() -> None:
    model = loaded(
        """
        t = Transpose (w)
        bad = Reshape (b, wrong)
        z = MatMul (x, t)
        y = Concat <axis=0> (z, bad)
        """,
        w=np.ones((2, 3), np.float32),
        b=np.ones((2, 2), np.float32),
        wrong=np.array([3, 2], np.int64),
    )
    assert ops(model) == ["Reshape", "MatMul", "Concat"]


def test_a_constant_that_is_an_output_stays_an_output() -> None:
    model = loaded(
        "y = Relu (x)\n c = Neg (w)", outputs="float[N, 3] y, float[2] c", w=np.ones(2, np.float32)
    )
    assert [value.name for value in model.ir.graph.outputs] == ["y", "c"]
    assert ops(model) == ["Relu", "Neg"]


def test_folded_constants_stand_in_the_order_of_the_graph() -> None:
    body = "".join(f"n{at} = Neg (w{at})\n x{at + 1} = MatMul (x{at}, n{at})\n" for at in range(9))
    weights = {f"w{at}": np.full((3, 3), at, np.float32) for at in range(9)}
    model = loaded(body, inputs="float[N, 3] x0", outputs="float[A, B] x9", **weights)
    assert list(model.ir.graph.initializers) == [f"n{at}" for at in range(9)]


def test_products_of_large_whole_numbers_are_left_to_the_runtime() -> None:
    def loaded(side: int) -> list[str]:
        return ops(
            load(
                build(
                    "p = MatMul (w, w) f = Cast <to = 1> (p) y = MatMul (x, f)",
                    inputs=f"float[N, {side}] x",
                    outputs=f"float[N, {side}] y",
                    weights={"w": np.ones((side, side), np.int64)},
                )
            )
        )

    assert loaded(8) == ["MatMul"]
    assert loaded(128).count("MatMul") == 2
