"""Norms over both sides: the request's columns are in no product of the candidates any more."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options, Strategy
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Action, Signature
from support.builders import build
from support.norm_models import (
    EACH_NORM,
    HIDDEN,
    ITEM,
    LABELS,
    MANY,
    NORMS,
    USER,
    WIDTH,
    actions,
    normed_tower,
    ops,
    rewritten,
    weights,
)
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

WIDE: dict[str, tuple[int, ...]] = {"scale": (32,), "shift": (32,), "W": (32, 20), "B": (20,)}
GIVEN = requests((1, 3), whole=False, u=f"user N, {USER}", i=f"item N, {ITEM}")


def wrong(data: bytes, limit: float = 2e-6) -> list[str]:
    return wrong_rewrites(data, LABELS, GIVEN, alike(limit), candidates=MANY)


@EACH_NORM
def test_the_product_behind_a_norm_is_split(norm: str) -> None:
    data = normed_tower(norm)
    assert wrong(data) == []
    (decision,) = plan(load(data, name="m"), LABELS, candidates=MANY).decisions
    assert decision.action == Action.SPLIT
    after = decision.flops_after
    assert 2 * ITEM * HIDDEN < after.per_candidate <= 2 * (ITEM + 2) * HIDDEN + 3 * HIDDEN
    assert after.per_request >= 2 * USER * HIDDEN


def test_the_decision_tells_of_the_statistics() -> None:
    (decision,) = plan(load(normed_tower(), name="m"), LABELS, candidates=MANY).decisions
    assert "normalizes both sides: their statistics are merged for each candidate" in (
        decision.reason
    )
    assert f"{USER} columns" in decision.reason


@EACH_NORM
def test_a_few_candidates_leave_a_norm_whole(norm: str) -> None:
    data = normed_tower(norm)
    (decision,) = plan(load(data, name="m"), LABELS, candidates=2).decisions
    assert decision.action == Action.KEPT
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6), candidates=2) == []


@pytest.mark.parametrize("strategy", [Strategy(fold=False), Strategy(split=False)])
def test_a_plain_split_leaves_a_norm_whole(strategy: Strategy) -> None:
    options = Options(signature=Signature.DROP_IN, candidates=MANY)
    made = rewrite(load(normed_tower(), name="m"), LABELS, options, strategy)
    assert [node.op_type for node in made.model.graph].count("LayerNormalization") == 1


@pytest.mark.parametrize("norm", ["layer norm", "spelled layer norm"])
def test_a_norm_that_is_to_be_kept_stays(norm: str) -> None:
    model = load(normed_tower(NORMS[norm]), name="m")
    names = [node.name or "" for node in model.ir.graph if node.op_type not in ("Concat", "Gemm")]
    for name in names:
        options = Options(signature=Signature.COMPACT, candidates=MANY, keep=(name,))
        made = rewrite(model, LABELS, options)
        assert made.log.entries[model.ir.graph[-1]].action == Action.KEPT


# --- what reads it


@EACH_NORM
def test_many_products_read_one_norm(norm: str) -> None:
    experts = " ".join(f"h{at} = Gemm (n, {'WV'[at % 2]}, B)" for at in range(7))
    total = "y = Sum (" + ", ".join(f"h{at}" for at in range(7)) + ")"
    data = normed_tower(norm, body=f"{experts} {total}")
    assert wrong(data) == []
    assert set(actions(rewritten(data)).values()) == {Action.SPLIT}


@EACH_NORM
def test_an_op_that_needs_the_columns_gets_them_and_products_split_still(norm: str) -> None:
    body = "act = Sigmoid (n) one = Gemm (act, V, B) two_ = Gemm (n, W, B) y = Add (one, two_)"
    data = normed_tower(norm, body=body)
    assert wrong(data) == []


def test_the_norm_that_an_op_needs_in_full_is_the_original() -> None:
    body = "act = Sigmoid (n) one = Gemm (act, V, B) two_ = Gemm (n, W, B) y = Add (one, two_)"
    for name in ("layer norm", "spelled layer norm", "root mean square"):
        made = rewritten(normed_tower(NORMS[name], body=body))
        assert actions(made) == {"one": Action.KEPT, "two_": Action.SPLIT}
        assert ops(made).count("LayerNormalization" if name == "layer norm" else "Pow") == 1


@EACH_NORM
def test_an_op_without_a_rule_gets_the_norm_in_full_and_products_split_still(norm: str) -> None:
    body = (
        "far = ReverseSequence <batch_axis = 1, time_axis = 0> (n, lengths) "
        "one = Gemm (far, V, B) two_ = Gemm (n, W, B) y = Add (one, two_)"
    )
    lengths = "lengths = Expand (unit, sizes) "
    data = normed_tower(norm, body=lengths + body, unit=np.array([1]), sizes=np.array([WIDTH]))
    assert wrong(data) == []
    assert actions(rewritten(data)) == {"one": Action.KEPT, "two_": Action.SPLIT}


@pytest.mark.parametrize(
    ("op", "read", "results"),
    [
        ("SkipLayerNormalization", ["x", "s", "scale", "shift"], ["n"]),
        ("SkipLayerNormalization", ["x", "s", "scale", "shift", "more"], ["n", "", "", "t"]),
        ("SkipSimplifiedLayerNormalization", ["x", "s", "scale"], ["n"]),
    ],
)
def test_a_norm_of_a_sum_that_a_runtime_fused(op: str, read: list[str], results: list[str]) -> None:
    held = weights() | {"more": weights(1)["shift"]}
    nodes = [
        helper.make_node("Concat", ["u", "i"], ["x"], axis=1, name="first"),
        helper.make_node("Concat", ["v", "k"], ["s"], axis=1, name="second"),
        helper.make_node(op, read, results, name="skip", domain="com.microsoft", epsilon=1e-5),
        helper.make_node("MatMul", ["n", "W"], ["y"], name="product"),
    ]
    outputs = ["y"]
    if "t" in results:
        nodes.append(helper.make_node("MatMul", ["t", "V"], ["z"], name="beside"))
        outputs.append("z")
    names = {name for node in nodes for name in node.input}
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "skip",
        [helper.make_tensor_value_info(name, floats, ["N", USER if name in "uv" else ITEM])
         for name in "uivk"],
        [helper.make_tensor_value_info(name, floats, ["N", HIDDEN]) for name in outputs],
        [numpy_helper.from_array(held[name], name) for name in sorted(names & held.keys())],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    data = bytes(model.SerializeToString())
    labels = roles(u="user", v="user", i="item", k="item")
    user, item = f"user N, {USER}", f"item N, {ITEM}"
    given = requests((1, 3), whole=False, u=user, v=user, i=item, k=item)
    assert wrong_rewrites(data, labels, given, alike(3e-6), candidates=MANY) == []
    assert set(actions(rewritten(data, labels)).values()) == {Action.SPLIT}


@EACH_NORM
def test_a_norm_that_is_an_output_too_is_there_in_full(norm: str) -> None:
    outputs = f"float[N, {HIDDEN}] y, float[N, {WIDTH}] n"
    assert wrong(normed_tower(norm, outputs=outputs)) == []


@EACH_NORM
@pytest.mark.parametrize("beside", ["x", "n"])
def test_a_residual_around_what_a_norm_feeds(norm: str, beside: str) -> None:
    body = (
        f"one = Gemm (n, W, B) act = Relu (one) out = MatMul (act, back) sum = Add ({beside}, out) "
    )
    data = normed_tower(norm, body=body + "y = Gemm (sum, V, B)")
    assert wrong(data, 1e-5) == []


@EACH_NORM
@pytest.mark.parametrize("gate", [1, WIDTH])
def test_a_gate_behind_a_norm(norm: str, gate: int) -> None:
    body = "raw = MatMul (n, G) gate = Sigmoid (raw) out = Mul (n, gate) y = Gemm (out, W, B)"
    whole = f"x = Concat <axis = 1> (u, i) {norm} {body}"
    rng = np.random.default_rng(1)
    given = weights() | {"G": rng.standard_normal((WIDTH, gate)).astype("f")}
    data = build(
        whole, inputs=f"float[N, {USER}] u, float[N, {ITEM}] i", outputs=f"float[N, {HIDDEN}] y",
        weights=given, opset=17,
    )  # fmt: skip
    assert wrong(data) == []


# --- where the columns lie


def test_columns_of_both_sides_may_interleave() -> None:
    parts = ", ".join(f"{side}{at}" for at in range(4) for side in "ui")
    data = build(
        f"x = Concat <axis = -1> ({parts}) n = LayerNormalization (x, scale, shift) "
        "y = Gemm (n, W, B)",
        inputs=", ".join(f"float[N, 6] u{at}, float[N, 2] i{at}" for at in range(4)),
        outputs="float[N, 20] y",
        weights={
            name: np.random.default_rng(2).standard_normal(shape).astype("f")
            for name, shape in WIDE.items()
        },
    )  # fmt: skip
    labels = roles(**{f"{s}{at}": {"u": "user", "i": "item"}[s] for at in range(4) for s in "ui"})
    shapes = {f"u{at}": "user N, 6" for at in range(4)}
    shapes |= {f"i{at}": "item N, 2" for at in range(4)}
    given = requests((1, 3), seed=0, whole=False, **shapes)
    assert wrong_rewrites(data, labels, given, alike(2e-6), candidates=MANY) == []


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("joined", [1, 2])
def test_fields_are_normed_over_any_axes_that_are_joined(axis: int, joined: int) -> None:
    user, item = ([6, 8], [2, 8]) if joined == 1 else ([4, 12], [4, 4])
    fields = [8, 8] if joined == 1 else [4, 16]
    inner, rng = fields[axis - 1 :], np.random.default_rng(3)
    data = build(
        f"x = Concat <axis = {joined}> (u, i) "
        f"n = LayerNormalization <axis = {axis}> (x, scale, shift) "
        "f = Flatten (n) y = Gemm (f, W, B)",
        inputs=f"float[N, {user[0]}, {user[1]}] u, float[N, {item[0]}, {item[1]}] i",
        outputs="float[N, 20] y",
        weights={
            "scale": rng.standard_normal(inner).astype("f"),
            "shift": rng.standard_normal(inner).astype("f"),
            "W": rng.standard_normal((64, 20)).astype("f"),
            "B": rng.standard_normal(20).astype("f"),
        },
    )
    given = requests(
        (1, 3), whole=False, u=f"user N, {user[0]}, {user[1]}", i=f"item N, {item[0]}, {item[1]}"
    )
    assert wrong_rewrites(data, LABELS, given, alike(2e-6), candidates=MANY) == []


def test_the_target_beside_each_row_of_a_history() -> None:
    rng = np.random.default_rng(4)
    data = build(
        """
        t = Tile (i, often) x = Concat <axis = 2> (h, t) n = LayerNormalization (x, scale, shift)
        g = MatMul (n, W) r = Relu (g) y = ReduceSum <keepdims = 0> (r, axes)
        """,
        inputs="float[N, 5, 24] h, float[N, 1, 6] i",
        outputs="float[N, 20] y",
        weights={
            "often": np.array([1, 5, 1]), "axes": np.array([1]),
            "scale": rng.standard_normal(30).astype("f"),
            "shift": rng.standard_normal(30).astype("f"),
            "W": rng.standard_normal((30, 20)).astype("f"),
        },
    )  # fmt: skip
    labels = roles(h="user", i="item")
    given = requests((1, 3), whole=False, h="user N, 5, 24", i="item N, 1, 6")
    assert wrong_rewrites(data, labels, given, alike(2e-6), candidates=MANY) == []


def test_a_norm_whose_scale_is_the_candidates_stays_whole() -> None:
    data = build(
        """
        x = Concat <axis = 1> (u, i) g = ReduceMean <axes = [0], keepdims = 0> (x)
        n = LayerNormalization (x, g) y = MatMul (n, W)
        """,
        inputs=f"float[N, {USER}] u, float[N, {ITEM}] i",
        outputs=f"float[N, {HIDDEN}] y",
        weights={"W": weights()["W"]},
    )
    assert wrong(data) == []
