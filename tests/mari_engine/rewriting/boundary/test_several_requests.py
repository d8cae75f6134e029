"""A batch of several requests gives each of them what it gets alone, in every way of rewriting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest

from mari_engine.feeds import bind_batch
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.types import Column, InputLabel, Labels, RequestIndex, Role
from support.builders import build
from support.request_batches import SIZES, batched_plans, compare_batches, draw_requests
from support.rewrite_checks import data_of, roles, run, session

LABELS = roles(u="user", i="item")
VANILLA = "double[N, 6] u, double[N, 3] i"
JOINED = "c = Concat <axis = 1> (u, i) "
EXPANDED = "s = Shape <start = 0, end = 1> (i) t = Concat <axis = 0> (s, six) w = Expand (u, t) "
ATTENDED = """
    q = Unsqueeze (i, one) k = MatMul (h, K) kt = Transpose <perm = [0, 2, 1]> (k)
    a = MatMul (q, kt) p = Softmax <axis = -1> (a) o = MatMul (p, h) y = Squeeze (o, one)
"""


def weights(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    drawn: dict[str, np.ndarray] = {name: rng.normal(size=s) for name, s in shapes.items()}
    return drawn | {"one": np.array([1]), "six": np.array([6]), "zero": np.array([0])}


def agree(data: bytes, labels: Labels = LABELS) -> None:
    """Hold every batch to its requests alone, to the rounding of float64."""
    pairs = list(compare_batches(data, labels))
    assert len(pairs) >= 2 * len(SIZES)
    for got, wanted in pairs:
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (JOINED + "h = MatMul (c, W) r = Relu (h) y = MatMul (r, V)", {"W": (9, 8), "V": (8, 2)}),
        (JOINED + "n = LayerNormalization (c, g, b) y = MatMul (n, W)",
         {"g": (9,), "b": (9,), "W": (9, 8)}),
        ("x = MatMul (u, W) t = Tanh (x) y = Mul (t, i)", {"W": (6, 3)}),
        (JOINED + "m = MatMul (c, W) x = Mul (m, c) y = MatMul (x, V)", {"W": (9, 9), "V": (9, 2)}),
    ],
    ids=["tower", "norm", "elementwise", "cross layer"],
)  # fmt: skip
def test_each_request_gets_what_it_gets_alone(body: str, held: dict[str, tuple[int, ...]]) -> None:
    agree(build(body, inputs=VANILLA, outputs="double[N, K] y", weights=weights(**held)))


def test_one_row_of_the_request_becomes_a_row_for_each() -> None:
    data = build(
        EXPANDED + "c = Concat <axis = 1> (w, i) y = MatMul (c, W)",
        inputs="double[1, 6] u, double[N, 3] i", outputs="double[N, K] y",
        weights=weights(W=(9, 8)),
    )  # fmt: skip
    agree(data)


def test_a_history_of_free_length_meets_its_own_candidates() -> None:
    data = build(
        ATTENDED, inputs="double[N, L, 3] h, double[N, 3] i", outputs="double[N, 3] y",
        weights=weights(K=(3, 3)),
    )  # fmt: skip
    agree(data, roles(h="user", i="item"))


def test_an_output_of_the_request_has_a_row_for_each() -> None:
    data = build(
        "v = MatMul (u, W) y = Mul (v, i)", inputs=VANILLA,
        outputs="double[N, 3] y, double[N, 3] v", weights=weights(W=(6, 3)),
    )  # fmt: skip
    (plan, *_) = batched_plans(load(data), LABELS)
    assert {item.name: item.rows for item in plan.interface.outputs} == {
        "y": "candidate", "v": "request",
    }  # fmt: skip
    shapes = {v.name: list(map(str, v.shape or ())) for v in plan.optimized.ir.graph.outputs}
    assert shapes == {"y": ["N", "3"], "v": ["R", "3"]}
    agree(data)


def test_what_has_a_row_for_each_place_though_no_candidate_reaches_it_is_of_tiles() -> None:
    """Nothing tells the rows of a Loop's state apart from those of what it captures."""
    body = (
        "l = Loop (once, always, u) <body = step (int64 at, bool go, double[A, B] x) => "
        "(bool on, double[C, D] z) { c = Gather <axis = 1> (h, at) z = Add (x, c) "
        "on = Identity (go) }> y = Add (i, i)"
    )
    held = {"once": np.array([1]), "always": np.array(True)}
    inputs = "double[N, 6] u, double[N, 1, 6] h, double[N, 3] i"
    data = build(body, inputs=inputs, outputs="double[N, 3] y, double[M, K] l", weights=held)
    agree(data, roles(u="user", h="user", i="item"))


def test_a_packed_input_comes_apart() -> None:
    columns = (
        Column(start=0, stop=2, role=Role.ITEM),
        Column(start=2, stop=7, role=Role.USER),
        Column(start=7, stop=9, role=Role.CROSS),
    )
    labels = Labels({"x": InputLabel(columns=columns)})
    data = build(
        "y = MatMul (x, W)", inputs="double[N, 9] x", outputs="double[N, K] y",
        weights=weights(W=(9, 8)),
    )  # fmt: skip
    (plan, *_) = batched_plans(load(data), labels)
    assert [(item.name, item.shape, item.rows) for item in plan.interface.inputs] == [
        ("x__request", ("R", 5), "request"),
        ("x__candidate", ("N", 4), "candidate"),
        ("candidate_request", ("N",), "index"),
    ]
    agree(data, labels)


def test_names_that_the_model_has_are_not_taken_again() -> None:
    data = build(
        "c = Concat <axis = 1> (u, candidate_request) y = MatMul (c, W)",
        inputs="double[R, 6] u, double[R, 3] candidate_request", outputs="double[R, K] y",
        weights=weights(W=(9, 8)),
    )  # fmt: skip
    labels = roles(u="user", candidate_request="item")
    (plan, *_) = batched_plans(load(data), labels)
    assert [(item.name, item.shape) for item in plan.interface.inputs] == [
        ("u", ("R_", 6)), ("candidate_request", ("R", 3)), ("candidate_request_1", ("R",)),
    ]  # fmt: skip
    agree(data, labels)


UNNAMED = "does not name a request for each candidate"
UNEVEN = "does not add up to the candidates"
OF_OTHERS = "does not hold a number for each request"
WRONG = {
    RequestIndex.ROWS: [
        ([0, 0, 1, 0, 1, 1], "must not decrease"),
        ([1, 1, 1, 0, 0, 0], "must not decrease"),
        ([0, 1, 0, 1, 0, 1], "must not decrease"),
        ([0, 0, 0, 1, 1, 2], UNNAMED),
        ([-1, 0, 0, 0, 1, 1], UNNAMED),
        ([-1] * 6, UNNAMED),
        ([0, 0, 1], UNNAMED),
        ([0, 0, 0, 1, 1, 1, 1], UNNAMED),
        ([], UNNAMED),
    ],
    RequestIndex.LENGTHS: [
        ([3, 2], UNEVEN),
        ([3, 4], UNEVEN),
        ([0, 0], UNEVEN),
        ([-1, 7], "holds a number below 0"),
        ([106, -100], "holds a number below 0"),
        ([6], OF_OTHERS),
        ([3, 2, 1], OF_OTHERS),
        ([], OF_OTHERS),
    ],
}
RECURRENT = """
    t = Transpose <perm = [1, 0, 2]> (i) g, h = GRU <hidden_size = 4> (t, W, R)
    s = Squeeze (h, zero) c = Concat <axis = 1> (u, s) y = MatMul (c, V)
"""


def hold_to_errors(data: bytes, index: RequestIndex) -> None:
    """Hold every way of rewriting to what is told of each index that does not fit."""
    model = load(data)
    for plan in batched_plans(model, LABELS, index):
        opened = session(data_of(plan.optimized))
        feeds = bind_batch(draw_requests(model, LABELS, (3, 3)), plan.interface)
        name = next(item.name for item in plan.interface.inputs if item.index is not None)
        assert run(opened, feeds)["y"].shape == (6, 8)
        for numbers, told in WRONG[index]:
            with pytest.raises(
                (ort.capi.onnxruntime_pybind11_state.Fail,
                 ort.capi.onnxruntime_pybind11_state.InvalidArgument),
                match=told,
            ):  # fmt: skip
                run(opened, {**feeds, name: np.array(numbers, np.int64)})


@pytest.mark.parametrize("opset", [15, 17])
@pytest.mark.parametrize("index", RequestIndex)
def test_an_index_that_does_not_fit_ends_in_an_error_that_says_so(
    index: RequestIndex, opset: int
) -> None:
    data = build(
        JOINED + "y = MatMul (c, W)", inputs=VANILLA, outputs="double[N, K] y",
        weights=weights(W=(9, 8)), opset=opset,
    )  # fmt: skip
    hold_to_errors(data, index)


@pytest.mark.parametrize("index", RequestIndex)
def test_an_index_is_held_to_the_candidates_before_any_operator_has_no_rows(
    index: RequestIndex,
) -> None:
    """A GRU without rows ends the process."""
    held = {name: array.astype(np.float32) for name, array in weights(
        W=(1, 12, 3), R=(1, 12, 4), V=(10, 8)
    ).items()}  # fmt: skip
    data = build(
        RECURRENT, inputs="float[N, 6] u, float[N, 5, 3] i", outputs="float[N, K] y",
        weights=held | {"zero": np.array([0])},
    )  # fmt: skip
    hold_to_errors(data, index)


def test_tiles_keep_a_skewed_batch_near_its_candidates() -> None:
    """One request of 2,000 candidates beside 15 of 10: the places that are run are few."""
    data = build(
        JOINED + "h = MatMul (c, W) y = Relu (h)", inputs=VANILLA, outputs="double[N, K] y",
        weights=weights(W=(9, 8)),
    )  # fmt: skip
    model, sizes = load(data), (2000, *[10] * 15)
    for index in RequestIndex:
        for plan in batched_plans(model, LABELS, index):
            made = plan.optimized.ir.clone()
            (output,) = made.graph.outputs
            node = output.producer()
            inside = None if node is None else node.inputs[0]
            assert inside is not None
            inside.type, inside.shape = output.type, ir.Shape([None, None, None])
            made.graph.outputs.append(inside)
            feeds = bind_batch(draw_requests(model, LABELS, sizes), plan.interface)
            run_of = run(session(data_of(Model(made, "m"))), feeds)
            assert run_of[inside.name or ""].size <= 1.3 * sum(sizes) * 8


def test_nothing_is_computed_that_nothing_reads() -> None:
    """Shapes of as many rows as requests stay behind where those of tiles take their place."""
    data = build(
        "x = MatMul (u, W) t = Tanh (x) y = Mul (t, i)", inputs=VANILLA,
        outputs="double[N, K] y", weights=weights(W=(6, 3)),
    )  # fmt: skip
    for index in RequestIndex:
        for plan in batched_plans(load(data), LABELS, index):
            graph = plan.optimized.ir.graph
            results = [value for node in graph for value in node.outputs[:1]]
            unread = [v.name for v in results if not v.uses() and not v.is_graph_output()]
            assert not unread
            assert all(value.uses() for value in graph.initializers.values())


def test_an_index_brings_no_coarser_type_into_a_model() -> None:
    data = build(
        JOINED + "y = MatMul (c, W)", inputs=VANILLA, outputs="double[N, K] y",
        weights=weights(W=(9, 8)),
    )  # fmt: skip
    for plan in batched_plans(load(data), LABELS):
        casts = [node for node in plan.optimized.ir.graph.all_nodes() if node.op_type == "Cast"]
        kinds = {ir.DataType(node.attributes["to"].as_int()) for node in casts}
        assert kinds
        assert not any(kind.is_floating_point() for kind in kinds)


@pytest.mark.parametrize("opset", [15, 17])
@pytest.mark.parametrize("index", RequestIndex)
def test_an_index_takes_no_more_room_than_requests_and_candidates(
    index: RequestIndex, opset: int, tmp_path: Path
) -> None:
    """No tensor has an element for each pair of them; a request has 64 tiles at most."""
    data = build(
        JOINED + "y = MatMul (c, W)", inputs=VANILLA, outputs="double[N, K] y",
        weights=weights(W=(9, 2)), opset=opset,
    )  # fmt: skip
    model, sizes = load(data), (1_000, *[0, 3] * 600)
    numbers = np.arange(len(sizes)).repeat(sizes) if index == RequestIndex.ROWS else sizes
    plan, *_ = batched_plans(model, LABELS, index)
    options = ort.SessionOptions()
    options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "p")
    opened = ort.InferenceSession(data_of(plan.optimized), options)
    feeds = {"u": np.ones((len(sizes), 6)), "i": np.ones((sum(sizes), 3))}
    name = next(item.name for item in plan.interface.inputs if item.index is not None)
    opened.run(None, {**feeds, name: np.array(numbers, np.int64)})
    events = json.loads(Path(opened.end_profiling()).read_text(encoding="utf-8"))
    sizes_of = [int(event["args"].get("output_size", 0)) for event in events if "args" in event]
    assert 8 * sum(sizes) < max(sizes_of) <= 64 * 8 * (len(sizes) + sum(sizes))
