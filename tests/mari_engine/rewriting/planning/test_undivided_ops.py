"""A fused attention is taken apart where that saves something, and stays one op elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from mari_engine import load, optimize, plan
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Strategy
from mari_engine.rewriting.interpreter import Rewritten, rewrite
from mari_engine.rewriting.planning import strategy_search, undivided_ops
from mari_engine.types import Action, InputLabel, Labels, Role
from support.builders import build
from support.rewrite_checks import bound, data_of, requests, run, session

HISTORY = "float[N, 20, 16] u, float[N, 1, 16] i"
RNG = np.random.default_rng(0)
WEIGHTS = {"W": RNG.standard_normal((16, 16)).astype(np.float32)}
SIDES = {"u": Role.USER, "i": Role.ITEM}
LABELS = Labels({name: InputLabel(role=role, axis=0) for name, role in SIDES.items()})
ATTENTION = "Attention <q_num_heads = 2, kv_num_heads = 2>"


def planned(body: str, outputs: str = "float[N, r, 16] y") -> Plan:
    data = build(body, inputs=HISTORY, outputs=outputs, weights=WEIGHTS, opset=23)
    return plan(load(data, name="model"), LABELS, signature="compact")


def ops(made: Plan) -> list[str]:
    return [node.op_type for node in made.optimized.ir.graph]


def test_an_attention_of_the_request_alone_runs_once_as_one_op() -> None:
    made = planned(f"a = {ATTENTION} (u, u, u) s = MatMul (i, W) y = Mul (a, s)")
    (decision, _) = made.decisions
    assert (decision.op, decision.action) == ("Attention", Action.ONCE)
    assert ops(made).count("Attention") == 1
    assert "Softmax" not in ops(made)
    assert decision.flops_after.per_candidate == 0


def test_an_attention_of_candidates_alone_stays_one_op() -> None:
    made = planned(f"a = {ATTENTION} (i, i, i) s = MatMul (u, W) y = Add (a, s)")
    (decision, _) = made.decisions
    assert (decision.op, decision.action) == ("Attention", Action.KEPT)
    assert ops(made).count("Attention") == 1


def test_an_attention_of_a_candidate_to_the_request_is_taken_apart() -> None:
    made = planned(f"s = MatMul (i, W) y = {ATTENTION} (s, u, u)")
    decision = next(each for each in made.decisions if each.op == "Attention")
    assert decision.action == Action.FUSED
    assert "Attention" not in ops(made)
    given = requests((1, 4), u="user N, 20, 16", i="item N, 1, 16", whole=False)
    source, rewritten = session(made.original.data or b""), session(data_of(made.optimized))
    for feeds in given:
        fed = bound(made.interface.inputs, feeds, made.signature)
        (truth,), (found,) = run(source, feeds).values(), run(rewritten, fed).values()
        assert np.allclose(truth, found, rtol=1e-5, atol=1e-6)


def test_both_kinds_in_one_model_are_told_apart() -> None:
    made = planned(f"a = {ATTENTION} (u, u, u) s = MatMul (i, W) y = {ATTENTION} (s, a, a)")
    actions = [each.action for each in made.decisions if each.op == "Attention"]
    assert actions == [Action.ONCE, Action.FUSED]
    assert ops(made).count("Attention") == 1


@pytest.mark.parametrize("lowest", [False, True])
def test_a_branch_that_the_original_never_takes_is_no_new_one(lowest: bool) -> None:
    first = np.array([True] + [False] * 4)
    nodes = [helper.make_node("Or", ["u_mask", "first"], ["seen"], name="seen")]
    if lowest:
        choice = helper.make_node("Where", ["seen", "zero", "low"], ["mask"], name="mask")
        nodes.append(choice)
    nodes.append(
        helper.make_node(
            "Attention", ["i_q", "u_k", "u_k", "mask" if lowest else "seen"], ["y"], name="attend"
        )
    )
    kinds = {"i_q": 1, "u_k": 1, "u_mask": 9}
    shapes = {"i_q": ["N", 2, 1, 4], "u_k": ["N", 2, 5, 4], "u_mask": ["N", 1, 1, 5]}
    held = {"first": first, "zero": np.float32(0), "low": np.float32(-np.inf)}
    graph = helper.make_graph(
        nodes, "masked",
        [helper.make_tensor_value_info(name, kinds[name], shapes[name]) for name in kinds],
        [helper.make_tensor_value_info("y", 1, ["N", 2, 1, 4])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in held.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    labels = Labels({name: InputLabel(role=SIDES[name[0]], axis=0) for name in kinds})
    source = load(model.SerializeToString(), name="masked")
    result = optimize(source, labels, signature="compact", autotune=False)
    assert result.certificate.passed, result.certificate.reason
    assert any("/parts/" in (node.name or "") for node in result.optimized.ir.graph)


def test_the_rewrite_that_took_an_attention_apart_is_the_first_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strategies = list[Strategy]()

    def counted(*given: Any, **named: Any) -> Rewritten:
        strategies.append(given[3] if len(given) > 3 else Strategy())
        return rewrite(*given, **named)

    for module in (strategy_search, undivided_ops):
        monkeypatch.setattr(module, "rewrite", counted)
    made = planned(f"s = MatMul (i, W) y = {ATTENTION} (s, u, u)")
    assert next(each for each in made.decisions if each.op == "Attention").action == Action.FUSED
    assert strategies.count(Strategy()) == 1
