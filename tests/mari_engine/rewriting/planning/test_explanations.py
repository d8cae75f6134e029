"""Why products stay whole: each reason names the node where the sides met, and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import candidate_symbols, survey_model
from mari_engine.coloring import propagate_sides
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Action, Decision, InputLabel, Labels, Role
from support.builders import build
from support.norm_models import ITEM, MANY, USER, normed_tower
from support.norm_models import LABELS as NORMED
from support.rewrite_checks import roles

LABELS = roles(u="user", i="item")
INPUTS = "float[N, 4] u, float[N, 3] i"
JOINED = "c = Concat <axis = 1> (u, i) "


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def last(
    body: str, *, inputs: str = INPUTS, labels: Labels = LABELS, **held: np.ndarray
) -> Decision:
    """Return the decision on the last product, with so many candidates that rewriting pays."""
    data = build(body, inputs=inputs, outputs="float[M, K] y", weights=held)
    return plan(load(data, name="m"), labels, candidates=100_000).decisions[-1]


def test_a_norm_is_named_with_its_columns_and_a_remedy() -> None:
    found = last(
        JOINED + "n = LayerNormalization (c, S) y = MatMul (n, W)",
        S=np.ones(7, np.float32), W=weight(7, 64),
    )  # fmt: skip
    assert found.action == Action.KEPT
    assert found.reason == (
        "all of its input depends on the candidates: LayerNormalization (LayerNormalization) "
        "before it mixes 4 request and 3 candidate columns; normalise the columns of each side "
        "alone, before they are joined, and this splits"
    )


def test_a_norm_that_was_taken_apart_asks_for_no_change() -> None:
    data = normed_tower(body="h = Gemm (n, W, B) r = Relu (h) y = MatMul (r, last)",
                        outputs="float[N, 1] y")  # fmt: skip
    first, second = plan(load(data, name="m"), NORMED, candidates=MANY).decisions
    assert first.action == Action.SPLIT
    assert second.action == Action.KEPT
    assert second.reason == (
        "all of its input depends on the candidates: LayerNormalization (LayerNormalization) "
        f"before it mixes {USER} request and {ITEM} candidate columns"
    )


def test_a_deeper_layer_names_the_product_where_the_sides_meet() -> None:
    found = last(
        JOINED + "h = MatMul (c, W) a = Relu (h) b = MatMul (a, V) d = Tanh (b) y = MatMul (d, X)",
        W=weight(7, 64), V=weight(64, 32), X=weight(32, 8),
    )  # fmt: skip
    assert found.reason == (
        "all of its input depends on the candidates: the sides meet in MatMul (MatMul) before it"
    )


def test_a_gate_names_the_op_that_meets_candidates_with_request_values() -> None:
    found = last(
        "g = Sigmoid (i) k = Slice (u, zero, three, one) x = Mul (k, g) s = Sqrt (x) "
        "y = MatMul (s, W)",
        W=weight(3, 64), zero=np.array([0]), three=np.array([3]), one=np.array([1]),
    )  # fmt: skip
    assert "Mul (Mul) before it meets every candidate with the request's values" in found.reason


def test_what_no_request_feature_reaches_says_so() -> None:
    found = last("h = MatMul (i, W) y = Relu (h)", W=weight(3, 64))
    assert found.reason.endswith("no feature of the request reaches it")


def test_an_op_without_a_rule_is_named() -> None:
    found = last(
        JOINED + "m = MeanVarianceNormalization <axes = [1]> (c) y = MatMul (m, W)",
        W=weight(7, 64),
    )
    assert "reads both sides in full, since MeanVarianceNormalization has no rule" in found.reason


def test_an_op_without_a_rule_that_reads_the_request_alone_is_not_told_to_read_both_sides() -> None:
    found = last(
        "m = MeanVarianceNormalization <axes = [0]> (u) y = MatMul (m, W)",
        W=weight(4, 64),
    )
    assert "MeanVarianceNormalization (MeanVarianceNormalization) before it may give each" in (
        found.reason
    )


def test_what_a_body_captures_is_told_as_what_its_node_reads() -> None:
    found = last(
        "b = ReduceMax <keepdims = 0> (i) f = Cast <to = 9> (b) t = If (f) <then_branch = g () => "
        "(a) { a = MeanVarianceNormalization <axes = [0]> (u) }, else_branch = h () => "
        "(d) { d = Neg (u) }> y = MatMul (t, W)",
        W=weight(4, 64),
    )
    assert "If (If) before it reads both sides in full" in found.reason


def test_a_frozen_batch_is_told_with_its_remedy() -> None:
    body = JOINED + "y = MatMul (c, W)"
    found = last(body, inputs="float[1, 4] u, float[1, 3] i", W=weight(7, 64))
    assert found.action == Action.KEPT
    assert found.reason == (
        "the inputs fix the number of candidates, so that nothing is repeated for them; let it "
        "vary with --free-batch, or export with a dynamic batch"
    )


def test_a_mean_over_other_axes_tells_how_many_columns_it_holds_together() -> None:
    found = last(
        JOINED + "h = ReduceMax <axes = [1], keepdims = 0> (c) g = Unsqueeze (h, one) "
        "y = MatMul (g, W)",
        W=weight(1, 64), one=np.array([1]),
    )  # fmt: skip
    assert "ReduceMax (ReduceMax) before it mixes 4 request and 3 candidate columns" in found.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "q, k, o = DynamicQuantizeLinear (c) p = MatMulInteger (q, W, o) y = Cast <to = 1> (p)",
            "scale is taken from all rows and columns at once",
        ),
        (
            "q = QuantizeLinear (c, s, z) y = QLinearMatMul (q, s, z, W, s, z, s, z)",
            "its parts would be rounded apart, to other numbers; leave this layer in float",
        ),
    ],
)
def test_quantized_products_say_what_to_do(body: str, words: str) -> None:
    found = last(
        JOINED + body,
        W=np.ones((7, 64), np.uint8), s=np.array(0.1, np.float32), z=np.array(0, np.uint8),
    )  # fmt: skip
    assert found.action == Action.KEPT
    assert words in found.reason


def test_a_rank_that_only_the_run_knows_names_the_value_and_its_maker() -> None:
    inputs = f"{INPUTS}, int64[R] shape"
    labels = roles(u="user", i="item", shape="user")
    found = last("z = Reshape (i, shape) y = MatMul (z, W)", inputs=inputs, labels=labels,
                 W=weight(3, 64))  # fmt: skip
    assert found.action == Action.KEPT
    assert found.reason.startswith(
        "the rank of its operand 'z', made by Reshape (Reshape), is known only at run time; export"
    )


def test_lengths_that_are_not_known_to_be_equal() -> None:
    inputs, labels = "float[N, L] h, float[P, 64] w", roles(h="item", w="user")
    labels = Labels({**labels.inputs, "h": InputLabel(role=Role.ITEM, axis=0)})
    found = last("y = MatMul (h, w)", inputs=inputs, labels=labels)
    assert found.reason == (
        "an axis of L meets one of P, and nothing tells that they are equal; export both with one "
        "name, or with fixed lengths"
    )


def test_heads_that_are_cut_and_stacked_keep_their_fields_apart() -> None:
    """Split and Concat along the features do not mix the fields."""
    data = build(
        """
        c = Concat <axis = 1> (u, i)
        a, b = Split <axis = 2> (c)
        y = Concat <axis = 2> (b, a)
        """,
        inputs="float[N, 3, 4] u, float[N, 2, 4] i",
        outputs="float[N, 5, 4] y",
    )
    model = load(data, name="m")
    survey = survey_model(model, candidate_symbols(model, LABELS))
    sides = {v.name: found for v, found in propagate_sides(model.ir.graph, LABELS, survey).items()}
    assert sides["a"] == sides["y"] == sides["c"]
    assert sides["y"].runs == ((3, 1), (2, 2))
