"""A request without candidates: where the original returns no rows, so does the rewritten model."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import sample_models
from mari_engine.errors import ExecutionError, LimitError
from mari_engine.feeds import bind_batch
from mari_engine.fuzzing import DIALECTS, Dialect, random_graph
from mari_engine.isolation import isolated
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.runtime import open_source
from mari_engine.types import Labels
from support.builders import build
from support.rewrite_checks import data_of, roles, run, session, stated

TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


def nobody(opened: ort.InferenceSession) -> dict[str, np.ndarray]:
    """Return feeds without candidates; other free lengths are 3."""
    return {
        item.name: np.zeros(
            [
                dim if isinstance(dim, int) else 3 * (at > 0 and dim != "N")
                for at, dim in enumerate(item.shape)
            ],
            TYPES[item.type],
        )
        for item in opened.get_inputs()
    }


def assert_no_rows(data: bytes, labels: Labels) -> None:
    feeds = nobody(session(data))
    try:
        with isolated():  # some operators end the process: "Floating point exception"
            opened = open_source(load(data, name="graph"))
            assert opened is not None
            truth = opened.run(feeds)
    except (ExecutionError, LimitError) as error:
        pytest.skip(f"the original refuses a request without candidates: {error}")
    rewritten = session(data_of(plan(load(data, name="graph"), labels).optimized))
    results = run(rewritten, feeds)
    assert {name: array.shape for name, array in results.items()} == {
        name: array.shape for name, array in truth.items()
    }


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_return_no_rows(seed: int) -> None:
    graph = random_graph(seed, Dialect())
    assert_no_rows(graph.data, graph.labels)


@pytest.mark.parametrize(
    ("dialect", "seed"), [("across", 5), ("across", 21), ("whole bodies", 1020)]
)
def test_rows_of_any_axis_and_beside_lengths_may_be_missing(dialect: str, seed: int) -> None:
    graph = random_graph(seed, DIALECTS[dialect])
    assert_no_rows(graph.data, graph.labels)


@pytest.mark.parametrize("name", sample_models.sample_names())
def test_samples_return_no_rows(name: str) -> None:
    data = sample_models.sample_path(name).read_bytes()
    if any(node.op_type in {"GRU", "LSTM"} for node in onnx.load_from_string(data).graph.node):
        pytest.skip("onnxruntime ends the process for a recurrent node without rows")
    assert_no_rows(data, Labels.from_json(sample_models.labels_path(name).read_text()))


@pytest.mark.parametrize("opset", [12, 13, 18])
@pytest.mark.parametrize(
    "text",
    [
        "b = Greater (u, zero) f = Cast <to = 1> (b) y = Add (f, i)",
        "c = Concat <axis = 1> (u, i) y = MatMul (c, W)",
        "p = MatMul (u, V) y = Mul (p, i)",
        "m = Mul (u, i) s = ReduceMax <keepdims = 1, axes = [1]> (u) y = Add (m, s)",
        "b = Greater (u, zero) y = Where (b, i, zero)",
    ],
)
def test_spellings_return_no_rows(text: str, opset: int) -> None:
    if opset == 18:
        text = text.replace("<keepdims = 1, axes = [1]> (u)", "<keepdims = 1> (u, last)")
    data = build(
        text, inputs="float[N, 4] u, float[N, 4] i", outputs="float[N, 4] y", opset=opset,
        weights={
            "W": np.ones((8, 4), np.float32), "V": np.ones((4, 4), np.float32),
            "zero": np.zeros((), np.float32), "last": np.array([1]),
        },
    )  # fmt: skip
    assert_no_rows(data, roles(u="user", i="item"))


def test_fields_that_are_joined_get_a_row_together() -> None:
    fields = [f"u{at}" for at in range(6)]
    looked_up = " ".join(f"e{each} = Gather (T, {each})" for each in fields)
    names = ", ".join(f"e{each}" for each in fields)
    text = f"""
        {looked_up} ei = Gather (T, i) x = Concat <axis = 1> ({names}, ei)
        s = ReduceSum <keepdims = 0> (x, one) f = Flatten (x) d = MatMul (f, W) y = Add (d, s)
    """
    data = build(
        text, inputs=", ".join(f"int64[N, 1] {each}" for each in (*fields, "i")),
        outputs="float[N, 4] y",
        weights={
            "T": np.ones((5, 4), np.float32), "W": np.ones((28, 4), np.float32),
            "one": np.array([1]),
        },
    )  # fmt: skip
    labels = roles(i="item", **dict.fromkeys(fields, "user"))
    assert_no_rows(data, labels)
    made = plan(load(data, name="graph"), labels, way="fold").optimized.ir.graph
    assert [node.op_type for node in made].count("ReduceProd") < 4


@pytest.mark.parametrize("opset", [12, 13])
def test_a_condition_of_the_request_may_lack_its_row(opset: int) -> None:
    text = """
        flat = Reshape (h, rows) largest = ReduceMax <keepdims = 1, axes = [1]> (flat)
        b = Greater (largest, zero) y = Where (b, i, zero)
    """
    data = build(
        text, inputs="float[N, 2, 2] h, float[N, 4] i", outputs="float[N, 4] y", opset=opset,
        weights={"rows": np.array([-1, 4]), "zero": np.zeros((), np.float32)},
    )  # fmt: skip
    assert_no_rows(data, stated(roles(h="user", i="item"), i=0))


def test_a_mask_of_the_request_may_lack_its_row_beside_heads() -> None:
    """The row is repeated for the heads, which no row cannot be."""
    text = """
        q = MatMul (i, Wq) q4 = Reshape (q, heads)
        k = MatMul (h, Wk) k4 = Reshape (k, keys) kt = Transpose <perm = [0, 2, 3, 1]> (k4)
        scores = MatMul (q4, kt)
        seen = Greater (m, zero) bias = Where (seen, zero, low) b4 = Unsqueeze (bias, middle)
        masked = Add (scores, b4) weights = Softmax <axis = -1> (masked)
        y = ReduceMax <keepdims = 0, axes = [1, 2]> (weights)
    """
    data = build(
        text, inputs="float[N, 6, 8] h, float[N, 6] m, float[N, 5] i", outputs="float[N, 6] y",
        opset=17,
        weights={
            "Wq": np.ones((5, 8), np.float32), "Wk": np.ones((8, 8), np.float32),
            "heads": np.array([-1, 4, 1, 2]), "keys": np.array([-1, 6, 4, 2]),
            "middle": np.array([1, 2]),
            "zero": np.zeros((), np.float32), "low": np.full((), -1e4, np.float32),
        },
    )  # fmt: skip
    assert_no_rows(data, roles(h="user", m="user", i="item"))


def attention_over_history(opset: int) -> bytes:
    """DIN's: a history `[1, L, 4]` of a free length beside candidates `[N, 4]`."""
    text = """
        q = Unsqueeze <axes = [1]> (i) difference = Sub (q, h) product = Mul (q, h)
        both = Concat <axis = 2> (difference, product)
        hidden = MatMul (both, W) act = Sigmoid (hidden) weight = MatMul (act, V)
        weighted = Mul (weight, h) y = ReduceSum <keepdims = 0, axes = [1]> (weighted)
    """
    if opset >= 13:
        text = text.replace("<axes = [1]> (i)", "(i, one)")
        text = text.replace(
            "<keepdims = 0, axes = [1]> (weighted)", "<keepdims = 0> (weighted, one)"
        )
    return build(
        text, inputs="float[1, L, 4] h, float[N, 4] i", outputs="float[N, 4] y", opset=opset,
        weights={
            "W": np.ones((8, 4), np.float32), "V": np.ones((4, 1), np.float32),
            "one": np.array([1]),
        },
    )  # fmt: skip


@pytest.mark.parametrize("opset", [12, 13, 17])
def test_rows_beside_a_free_length_may_be_missing(opset: int) -> None:
    """Of no elements no runtime infers a length: DIN's `[N * L, 1] -> [N, L, 1]`."""
    data = attention_over_history(opset)
    assert_no_rows(data, roles(h="user", i="item"))


def test_a_norm_of_a_single_column_may_lack_its_row() -> None:
    text = "n = LayerNormalization <axis = 1> (u, one, one) y = Add (n, i)"
    data = build(
        text, inputs="float[N, 1] u, float[N, 4] i", outputs="float[N, 4] y", opset=18,
        weights={"one": np.ones(1, np.float32)},
    )  # fmt: skip
    assert_no_rows(data, stated(roles(u="user", i="item"), i=0))


@pytest.mark.parametrize("opset", [12, 13, 17])
def test_a_history_may_be_missing_where_several_requests_come_at_once(opset: int) -> None:
    """Three lengths are free, `[R, C, L, 1]`, and 0 is the last of them."""
    data = attention_over_history(opset)
    made = plan(load(data, name="graph"), roles(h="user", i="item"), signature="batched")
    rng = np.random.default_rng(0)
    for length in (0, 3):
        requests = [
            {
                "h": rng.standard_normal((1, length, 4)).astype(np.float32),
                "i": rng.standard_normal((count, 4)).astype(np.float32),
            }
            for count in (3, 3)
        ]
        truth = np.concatenate([run(session(data), feeds)["y"] for feeds in requests])
        found = run(session(data_of(made.optimized)), bind_batch(requests, made.interface))["y"]
        np.testing.assert_allclose(found, truth, rtol=1e-5, atol=1e-6)
