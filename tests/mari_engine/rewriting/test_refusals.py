"""What is not understood stays as it was, with the reason; and what is not worth it says so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Entry, Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Action, Side, Signature
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = roles(u="user", i="item")
INPUTS = "float[N, 4] u, float[N, 3] i"


def weights(seed: int = 0, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {n: rng.integers(-2, 3, shape).astype(np.float32) for n, shape in shapes.items()}


def planned(body: str, *, candidates: int = 100_000, keep: tuple[str, ...] = ()) -> Plan:
    held = weights(W=(7, 5), U=(4, 3)) | {"axis": np.array(0), "s": np.array([-1, 7, 1])}
    data = build(body, inputs=INPUTS, outputs="float[M, K] y", weights=held)
    made = plan(load(data, name="m"), LABELS, candidates=candidates, keep=keep)
    given = requests(u="user N, 4", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0), candidates=candidates) == []
    return made


JOINED = "c = Concat <axis = 1> (u, i) "


def test_a_product_behind_a_join_is_split() -> None:
    found = planned(JOINED + "y = MatMul (c, W)").decisions[0]
    assert found.action == Action.SPLIT
    assert found.reason.startswith("4 request columns run once per request, 3 candidate columns")
    assert (found.flops_before.per_candidate, found.flops_after.per_request) == (70, 40)


def test_a_request_side_product_runs_once() -> None:
    data = build(
        "r = MatMul (u, U) y = Add (r, i)", inputs="float[N, 400] u, float[N, 3] i",
        outputs="float[N, 3] y", weights=weights(U=(400, 3)),
    )  # fmt: skip
    made = plan(load(data, name="m"), LABELS)
    assert made.decisions[0].action == Action.ONCE
    assert made.decisions[0].reason == "nothing in it depends on the candidates: one row"


def entries(body: str, *, candidates: int = 100_000, keep: tuple[str, ...] = ()) -> list[Entry]:
    """Return what the rewrite itself decides, whatever the whole is worth."""
    held = weights(W=(7, 5), I=(3, 2))
    model = load(build(body, inputs=INPUTS, outputs="float[M, K] y", weights=held), name="m")
    made = rewrite(
        model, LABELS, Options(signature=Signature.DROP_IN, candidates=candidates, keep=keep)
    )
    return list(made.log.entries.values())


def test_an_item_side_product_is_kept() -> None:
    reason = "all of its input depends on the candidates"
    assert entries("y = MatMul (i, I)") == [Entry(Action.KEPT, reason, whole=True)]


def test_a_small_split_is_refused_with_its_price() -> None:
    (found,) = entries(JOINED + "y = MatMul (c, W)", candidates=1)
    assert found.action == Action.KEPT
    assert re.fullmatch(r"not split: saves \d+\.\d us, costs \d+\.\d us", found.reason)


def test_a_node_is_kept_on_request() -> None:
    found = entries(JOINED + "y = MatMul (c, W)", keep=("MatMul",))
    assert found == [Entry(Action.KEPT, "kept on request")]


def test_a_norm_over_the_join_is_named_as_the_reason() -> None:
    (found,) = entries(JOINED + "s = Softmax <axis = 1> (c) y = MatMul (s, W)")
    assert found.action == Action.KEPT
    assert "needs all of its columns at once" in found.reason


def test_a_model_that_none_would_make_faster_is_left_alone() -> None:
    made = planned(JOINED + "y = MatMul (c, W)", candidates=1)
    assert [node.op_type for node in made.optimized.ir.graph] == ["Concat", "MatMul"]
    assert [each.action for each in made.decisions] == [Action.KEPT]


@pytest.mark.parametrize(
    ("body", "node", "reason"),
    [
        (
            "y = ReverseSequence <batch_axis = 1, time_axis = 0> (c, n)",
            "ReverseSequence",
            "no rule",
        ),
        ("y = MeanVarianceNormalization <axes = [1]> (c)", "MeanVarianceNormalization", "no rule"),
        ("k = Cast <to = 7> (one) y = Reshape (c, k)", "Reshape", "computed at run time"),
    ],
)
def test_an_op_that_is_not_understood_sees_its_input_whole(
    body: str, node: str, reason: str
) -> None:
    before = JOINED + "n = Constant <value_ints = [1, 1, 1, 1, 1, 1, 1]> () "
    one = (
        "f = ReduceMax <keepdims = 0> (c) g = Sub (f, f) "
        "o = Constant <value = float[2] {-1, 7}> () "
    )
    made = planned(
        f"{before} {one} one = Add (o, g) {body.replace('y =', 'q =')} y = MatMul (q, W)"
    )
    found = {key.lstrip("/").split("_")[0]: why for key, why in made.coloring.unknown.items()}
    assert any(reason in why for why in found.values()), made.coloring.unknown
    assert made.decisions[-1].action == Action.KEPT
    assert any(node == each.op_type for each in made.optimized.ir.graph)


@pytest.mark.parametrize("signature", [Signature.DROP_IN, Signature.COMPACT])
def test_a_fixed_batch_stays_as_it_is(signature: Signature) -> None:
    data = build(
        JOINED + "y = MatMul (c, W)", inputs="float[2, 4] u, float[2, 3] i",
        outputs="float[2, 5] y", weights=weights(W=(7, 5)),
    )  # fmt: skip
    made = plan(load(data, name="m"), LABELS, signature=signature)
    assert [each.shape for each in made.interface.inputs] == [(2, 4), (2, 3)]
    given = requests((2,), u="user 2, 4", i="item 2, 3")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_bodies_read_the_new_graph() -> None:
    body = """
    c = Concat <axis = 1> (u, i)
    t = ReduceSum <keepdims = 0> (u)
    low = Less (t, zero)
    y = If (low) <
      then_branch = a () => (float[N, 5] p) { p = MatMul (c, W) },
      else_branch = b () => (float[N, 5] q) { r = Add (c, c) q = MatMul (r, W) }
    >
    """
    held = weights(W=(7, 5)) | {"zero": np.array(0, np.float32)}
    data = build(body, inputs=INPUTS, outputs="float[N, 5] y", weights=held)
    given = [each for seed in range(4)
             for each in requests(u="user N, 4", i="item N, 3", seed=seed)]  # fmt: skip
    labels = stated(LABELS, u=0)
    assert wrong_rewrites(data, labels, given, alike(0)) == []
    made = plan(load(data, name="m"), labels)
    assert made.coloring.values["y"].side == Side.CANDIDATE
