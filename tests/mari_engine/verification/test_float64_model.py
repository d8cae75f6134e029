from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_session
from mari_engine.types import Feeds
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import double_model
from support.arrays import f32
from support.builders import build, build_proto

RNG = np.random.default_rng


def evaluate(model: Model, feeds: Feeds) -> tuple[Feeds, str]:
    evaluator = Float64Evaluator(double_model(model))
    return evaluator.run(feeds), evaluator.method


def one_op(text: str, *, shape: str = "4", opset: int = 17, **weights: np.ndarray) -> Model:
    return load(
        build(
            text,
            inputs=f"float[N, {shape}] x",
            outputs=f"float[N, {shape}] y",
            weights=weights,
            opset=opset,
        )
    )


def test_the_model_itself_is_not_changed() -> None:
    model = one_op("y = Mul (x, w)", w=f32([2]))
    before = onnx.printer.to_text(onnx.load_from_string(model.data or b""))
    graph = str(model.ir)
    double_model(model)
    assert str(model.ir) == graph
    assert onnx.printer.to_text(onnx.load_from_string(model.data or b"")) == before


def test_results_have_more_digits_than_float32() -> None:
    model = one_op("y = Mul (x, w)", w=f32([3]))
    third = np.full((2, 4), np.float32(1 / 3))
    (y,) = evaluate(model, {"x": third})[0].values()
    assert y.dtype == np.float64
    assert np.array_equal(y, np.float64(third) * 3)
    assert not np.array_equal(y, third * np.float32(3))


FORMS = [
    "h = Cast <to = 10> (x) y = Cast <to = 1> (h)",
    "h = CastLike (x, w) y = Identity (h)",
    "s = Shape (x) o = ConstantOfShape (s) y = Add (x, o)",
    "s = Shape (x) o = ConstantOfShape <value: tensor = float[1] {3.0}> (s) y = Add (x, o)",
    "c = Constant <value_float: float = 0.5> () y = Mul (x, c)",
    "c = Constant <value_floats: floats = [0.5, 1.5, 2.5, 3.5]> () y = Mul (x, c)",
    "e = EyeLike (x) y = Add (x, e)",
    "g = Greater (x, w) c = Cast <to = 1> (g) y = Add (x, c)",
    "z = SequenceConstruct (x, x) y = ConcatFromSequence <axis = 0> (z)",
    "c, d = Split <axis = 1> (x) y = Concat <axis = 1> (d, c)",
]


@pytest.mark.parametrize("text", FORMS)
def test_every_float_becomes_float64(text: str) -> None:
    model = one_op(text, w=f32([0.25]))
    x = RNG(0).standard_normal((3, 4)).astype(np.float32)
    (wide,) = evaluate(model, {"x": x})[0].values()
    (own,) = open_session(model).run({"x": x}).values()
    assert wide.dtype == np.float64
    # float16 steps in the middle are not taken in float64: that is the one difference allowed.
    assert np.max(np.abs(wide - own)) < (2e-3 if "to = 10" in text else 1e-6)


WITHOUT_KERNEL = ["Erf", "Softplus", "Softsign", "Selu", "Celu", "Elu", "Tan", "HardSigmoid"]


@pytest.mark.parametrize("op", WITHOUT_KERNEL)
def test_operators_without_a_float64_kernel_are_evaluated_all_the_same(op: str) -> None:
    model = one_op(f"a = MatMul (x, w) b = {op} (a) y = MatMul (b, w)", w=np.eye(4, dtype="f"))
    x = RNG(1).standard_normal((3, 4)).astype(np.float32)
    (wide,), method = evaluate(model, {"x": x})[0].values(), evaluate(model, {"x": x})[1]
    (own,) = open_session(model).run({"x": x}).values()
    assert wide.dtype == np.float64
    assert 0 < np.max(np.abs(wide - own)) < 1e-6
    assert method == (
        "the graph converted to float64, run by onnxruntime, its "
        f"{op} (no exact float64 kernel) by ONNX's reference implementation"
    )


def test_prelu_before_its_function_body_is_evaluated() -> None:
    model = one_op("y = PRelu (x, w)", w=f32([0.25]), opset=15)
    x = f32([[-1, 2, -3, 4]])
    assert np.array_equal(evaluate(model, {"x": x})[0]["y"], [[-0.25, 2, -0.75, 4]])


def test_bodies_of_branches_and_loops_are_doubled() -> None:
    proto = build_proto(
        """
        t = Constant <value: tensor = int64 {3}> ()
        yes = Constant <value: tensor = bool {1}> ()
        y = Loop (t, yes, x) <body = b (int64 i, bool c, float[N, 2] s) => (bool k, float[N, 2] o) {
            k = Identity (c)
            f = Constant <value: tensor = float[1] {0.1}> ()
            g = Erf (s)
            h = Mul (g, f)
            o = Add (h, w)
        }>
        """,
        inputs="float[N, 2] x",
        outputs="float[N, 2] y",
        weights={"w": f32([1, 2])},
    )
    model = load(proto.SerializeToString())
    x = f32([[0.3, -0.7]])
    (wide,) = evaluate(model, {"x": x})[0].values()
    (own,) = open_session(model).run({"x": x}).values()
    assert wide.dtype == np.float64
    assert 0 < np.max(np.abs(wide - own)) < 1e-6


def test_quantizing_operators_keep_their_type() -> None:
    model = one_op(
        "q, s, z = DynamicQuantizeLinear (x) d = DequantizeLinear (q, s, z) y = Mul (d, w)",
        w=f32([1]),
    )
    doubled = double_model(model)
    assert doubled.single == ("DynamicQuantizeLinear", "DequantizeLinear")
    x = RNG(2).standard_normal((5, 4)).astype(np.float32)
    wide, method = evaluate(model, {"x": x})
    assert np.max(np.abs(wide["y"] - open_session(model).run({"x": x})["y"])) < 1e-6
    assert method.endswith("no float64: DynamicQuantizeLinear, DequantizeLinear")


def lookup(table: np.ndarray, *, rows: str = "rows") -> bytes:
    return build(
        f"{rows} = Gather (T, id) y = Mul ({rows}, w)",
        inputs="int64[N] id",
        outputs="float[N, 16] y" if rows == "rows" else f"float[N, 16] y, float[N, 16] {rows}",
        weights={"T": table, "w": f32([3])},
    )


def test_tables_are_looked_up_in_their_own_type() -> None:
    table = RNG(3).standard_normal((5000, 16)).astype(np.float32)
    model = load(lookup(table, rows="also"))
    doubled = double_model(model)
    assert doubled.tensors["T"].dtype == np.float32
    ids = np.array([0, 4999, 7])
    found = Float64Evaluator(doubled).run({"id": ids})
    assert np.array_equal(found["also"], np.float64(table[ids]))
    assert np.array_equal(found["y"], np.float64(table[ids]) * 3)


def test_tables_used_otherwise_are_doubled() -> None:
    table = RNG(3).standard_normal((5000, 16)).astype(np.float32)
    model = load(
        build(
            "r = Gather (T, id) p = MatMul (v, T) y = Add (r, p)",
            inputs="int64[N] id, float[N, 5000] v",
            outputs="float[N, 16] y",
            weights={"T": table},
        )
    )
    doubled = double_model(model)
    assert doubled.tensors["T"].dtype == np.float64
    v = np.eye(1, 5000, 9, dtype=np.float32)
    y = Float64Evaluator(doubled).run({"id": np.array([2]), "v": v})["y"]
    assert np.array_equal(y, np.float64(table[2:3]) + np.float64(table[9:10]))


def test_external_tables_stay_mapped(tmp_path: Path) -> None:
    table = RNG(4).standard_normal((5000, 16)).astype(np.float32)
    path = tmp_path / "model.onnx"
    onnx.save(
        onnx.load_from_string(lookup(table)), path, save_as_external_data=True, location="m.data"
    )
    doubled = double_model(load(path))
    fed = doubled.tensors["T"]
    while isinstance(fed.base, np.ndarray):
        fed = fed.base
    assert isinstance(fed, np.memmap) or fed.base is not None
    y = Float64Evaluator(doubled).run({"id": np.array([11])})["y"]
    assert np.array_equal(y, np.float64(table[11:12]) * 3)


@pytest.mark.parametrize(("op", "linear"), [("GRU", 0), ("GRU", 1), ("LSTM", 0), ("RNN", 0)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrences_keep_to_their_lengths(op: str, direction: str, linear: int) -> None:
    gates = {"GRU": 3, "LSTM": 4, "RNN": 1}[op]
    ways = 2 if direction == "bidirectional" else 1
    hidden, rng = 5, RNG(5)
    extra = f", linear_before_reset = {linear}" if op == "GRU" else ""
    model = load(
        build(
            f"y, last = {op} <hidden_size = {hidden}, direction = '{direction}'{extra}> "
            "(x, W, R, B, lengths, h0)".replace("'", '"'),
            inputs=f"float[T, N, 3] x, int32[N] lengths, float[{ways}, N, {hidden}] h0",
            outputs=f"float[T, {ways}, N, {hidden}] y, float[{ways}, N, {hidden}] last",
            weights={
                "W": rng.standard_normal((ways, gates * hidden, 3)).astype(np.float32),
                "R": rng.standard_normal((ways, gates * hidden, hidden)).astype(np.float32),
                "B": rng.standard_normal((ways, 2 * gates * hidden)).astype(np.float32),
            },
        )
    )
    feeds: Feeds = {
        "x": rng.standard_normal((4, 3, 3)).astype(np.float32),
        "lengths": np.array([4, 1, 3], np.int32),
        "h0": rng.standard_normal((ways, 3, hidden)).astype(np.float32),
    }
    wide, _ = evaluate(model, feeds)
    own = open_session(model).run(feeds)
    for name in ("y", "last"):
        assert wide[name].dtype == np.float64
        assert np.max(np.abs(wide[name] - own[name])) < 2e-6


def test_a_rewritten_model_keeps_its_quantized_nodes_in_their_own_type() -> None:
    """In memory a rewritten model says little of types; they are inferred before it is doubled."""
    data = build(
        "c = Cast <to = 1> (u) q, s, z = DynamicQuantizeLinear (c) y = DequantizeLinear (q, s, z)",
        inputs="double[N, 3] u",
        outputs="float[N, 3] y",
    )
    typed = load(data, name="typed")
    untyped = Model(typed.ir.clone(), "rewritten")
    for node in untyped.ir.graph:
        for value in node.outputs:
            if not value.is_graph_output():
                value.type = None
    feeds = {"u": np.linspace(-1.1, 2.3, 6).reshape(2, 3)}
    before, after = (
        Float64Evaluator(double_model(model)).run(feeds)["y"] for model in (typed, untyped)
    )
    assert np.array_equal(before, after)


def test_outputs_that_operators_without_a_float64_form_have_a_part_in_are_named() -> None:
    proto = build_proto(
        "plain = MatMul (x, w) label, raw = ai.onnx.ml.SVMClassifier <classlabels_ints = [0, 1], "
        'coefficients = [1.0, 2.0, 0.5, 0.5], kernel_type = "LINEAR", rho = [0.5], '
        'post_transform = "NONE"> (plain) scores = Abs (raw)',
        inputs="float[N, 2] x",
        outputs="float[N, 2] plain, float[N, 2] scores",
        weights={"w": f32([[1, 2], [3, 4]])},
    )
    proto.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
    assert double_model(load(proto.SerializeToString())).rounded == {"scores"}


def test_a_norm_that_works_in_float32_by_its_definition_works_in_float64() -> None:
    model = one_op(
        "y = GroupNormalization <num_groups = 1> (x, s, s)", s=f32([0.5, 0.25, 0.125, 1]), opset=21
    )
    x = np.array([[0.1, -0.2, 0.3, 0.4]], np.float32)
    wide = x.astype(np.float64)
    scale = np.array([0.5, 0.25, 0.125, 1])
    normed = (wide - wide.mean()) / np.sqrt(wide.var() + np.float32(1e-5))
    assert np.abs(evaluate(model, {"x": x})[0]["y"] - (normed * scale + scale)).max() < 1e-15
