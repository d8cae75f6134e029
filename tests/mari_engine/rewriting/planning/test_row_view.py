"""What would mix users in a batch of several requests is refused, in one line that names it."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import survey_by_labels
from mari_engine.errors import LabelError
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.planning.row_view import view_rows
from mari_engine.types import Labels
from support.builders import build
from support.rewrite_checks import roles

LABELS = roles(u="user", i="item")
VANILLA = "float[N, 3] u, float[N, 3] i"
JOINED = "c = Concat <axis = 1> (u, i) s = MatMul (c, W) "
HELD = {
    "W": np.ones((6, 3), np.float32), "zero": np.array([0]), "three": np.array([3]),
    "first": np.array([0]), "one": np.array([1]), "scalar": np.array(0), "step": np.array(1),
}  # fmt: skip


def refusal(body: str, *, inputs: str = VANILLA, labels: Labels = LABELS) -> str:
    data = build(body, inputs=inputs, outputs="float[M, K] y", weights=HELD)
    with pytest.raises(LabelError) as caught:
        plan(load(data, name="m"), labels, signature="batched")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (JOINED + "y = Softmax <axis = 0> (s)", "Softmax"),
        (JOINED + "m = ReduceMean <axes = [0], keepdims = 1> (s) y = Sub (s, m)", "ReduceMean"),
        (JOINED + "y = CumSum (s, scalar)", "CumSum"),
        (JOINED + "t = Transpose (s) y = MatMul (s, t)", "MatMul"),
        (JOINED + "n = Shape <start = 0, end = 1> (i) f = Cast <to = 1> (n) y = Div (s, f)", "Div"),
        (
            JOINED + "n = Shape <start = 0, end = 1> (i) q = Squeeze (n, zero) "
            "r = Range (scalar, q, step) f = Cast <to = 1> (r) g = Unsqueeze (f, one) "
            "y = Add (s, g)",
            "Range",
        ),
        (JOINED + "z = RandomNormalLike (s) y = Add (s, z)", "RandomNormalLike"),
    ],
    ids=["softmax", "mean", "running sum", "pairs", "their number", "their places", "random"],
)
def test_what_mixes_candidates_is_named(body: str, named: str) -> None:
    told = refusal(body)
    assert told.startswith("several requests cannot be scored in one batch: ")
    assert named in told
    assert told.endswith("use --signature compact, one call for each request")


def test_what_mixes_rows_of_the_requests_side_is_named() -> None:
    body = "m = ReduceMax <axes = [0], keepdims = 1> (u) y = Add (i, m)"
    assert "ReduceMax" in refusal(body, inputs="float[1, 3] u, float[N, 3] i")


def test_an_input_without_rows_is_named() -> None:
    told = refusal("y = Add (u, i)", inputs="float[3] u, float[N, 3] i")
    assert "the rows of input 'u' are not requests" in told


def test_a_fixed_number_of_candidates_is_no_batch() -> None:
    told = refusal(JOINED + "y = Relu (s)", inputs="float[2, 3] u, float[2, 3] i")
    assert "the rows of input 'u' are not requests" in told


def test_an_output_without_rows_of_candidates_is_named() -> None:
    told = refusal("s = Add (u, i) y = Transpose (s)")
    assert "the rows of output 'y' are not the candidates" in told


def test_an_output_with_candidates_behind_its_first_axis_is_named() -> None:
    """A row a candidate of it would be `[N, 1, N]`, which is not what each request gives."""
    body = "n = Shape <start = 0, end = 1> (i) y = Expand (u, n)"
    data = build(body, inputs="float[1, 1, 1] u, float[N, 3] i", outputs="float[1, 1, M] y")
    with pytest.raises(LabelError, match="the rows of output 'y' are not the candidates"):
        plan(load(data, name="m"), LABELS, signature="batched")


def test_an_output_of_the_request_that_is_made_for_each_candidate_is_named() -> None:
    """Nothing tells the rows of a Loop's state apart from those of what it captures."""
    body = (
        "h = Gather <axis = 1> (u, places) a = Reshape (h, row) "
        "s = Loop (two, always, a) <step = graph (int64 at, bool go, float[A, B] x) => "
        "(bool on, float[C, D] z) { c = Gather <axis = 1> (u, at) z = Add (x, c) "
        "on = Identity (go) }> "
        "y = Relu (s) t = Relu (i)"
    )
    held = {
        "places": np.array([0]), "row": np.array([1, 3]), "two": np.array(2),
        "always": np.array(True),
    }  # fmt: skip
    data = build(
        body.replace("step = graph", "body = step"), weights=held,
        inputs="float[1, 2, 3] u, float[N, 3] i", outputs="float[A, B] y, float[N, 3] t",
    )  # fmt: skip
    with pytest.raises(LabelError, match="output 'y' is the request's, and is made for each"):
        plan(load(data, name="m"), LABELS, signature="batched")


def test_a_model_without_a_side_needs_no_batch() -> None:
    assert "needs no --signature batched" in refusal(
        "y = Add (u, i)", labels=roles(u="item", i="item")
    )
    assert "no input is the candidates'" in refusal(
        "y = Add (u, i)", labels=roles(u="user", i="context")
    )


def test_a_row_that_is_repeated_needs_no_repeating() -> None:
    body = (
        "n = Shape <start = 0, end = 1> (i) t = Concat <axis = 0> (n, three) w = Expand (u, t) "
        "c = Concat <axis = 1> (w, i) y = MatMul (c, W)"
    )
    inputs = "float[1, 3] u, float[N, 3] i"
    model = load(build(body, inputs=inputs, outputs="float[M, K] y", weights=HELD), name="m")
    view = view_rows(model, LABELS, survey_by_labels(model, LABELS))
    assert [str(value.shape) for value in view.ir.graph.inputs] == ["[N,3]", "[N,3]"]
    assert [node.op_type for node in view.ir.graph if node.outputs[0].name == "w"] == ["Identity"]
    assert str(model.ir.graph.inputs[0].shape) == "[1,3]"


def test_a_model_of_rows_is_its_own_view() -> None:
    model = load(
        build(JOINED + "y = Relu (s)", inputs=VANILLA, outputs="float[N, 3] y", weights=HELD)
    )
    assert view_rows(model, LABELS, survey_by_labels(model, LABELS)) is model
