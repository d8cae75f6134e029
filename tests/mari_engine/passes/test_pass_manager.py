"""The manager holds passes to their contract: copies, refusals, fixed points, proof obligations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine.analysis import Survey, survey_model
from mari_engine.axes import Unsupported
from mari_engine.graph import Model, replace_node
from mari_engine.loading import load
from mari_engine.passes import run_passes
from mari_engine.passes.contract import Copy, Obligation, Pass, Refusal
from mari_engine.passes.pass_manager import PASSES
from support.builders import build
from support.pass_checks import after, reasons


@dataclass(frozen=True, eq=False)
class One:
    """A match of one node."""

    node: ir.Node

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        return (self.node,)


def chain(*ops: str) -> Model:
    """Return ops of one operand, one after the other; the values between are v0, v1, ..."""
    values = ["x", *(f"v{at}" for at in range(len(ops) - 1)), "y"]
    body = " ".join(f"{values[at + 1]} = {op} ({values[at]})" for at, op in enumerate(ops))
    return load(build(body, inputs="float[N, 3] x", outputs="float[N, 3] y"), name="chain")


def find_first_relu(graph: ir.Graph, survey: Survey) -> Iterator[One | Refusal]:
    """Yield one match: a pass that repeats gets to the others."""
    yield from [One(node) for node in graph if node.op_type == "Relu"][:1]


def write_abs(one: One, copy: Copy) -> None:
    node = copy.node(one.node)
    replace_node(node, ir.node("Abs", node.inputs, name=node.name))


RELU_TO_ABS = Pass("relu to abs", find_first_relu, write_abs)


def ops(model: Model) -> list[str]:
    return [node.op_type for node in model.ir.graph]


def test_a_pass_writes_into_a_copy_that_is_surveyed() -> None:
    model = chain("Relu", "Neg")
    form = after(RELU_TO_ABS, model)
    assert (ops(model), ops(form.model)) == (["Relu", "Neg"], ["Abs", "Neg"])
    assert set(form.survey.specs) == set(form.model.ir.graph)
    assert form.model.name == model.name


def test_a_pass_that_repeats_is_run_to_its_fixed_point() -> None:
    model = chain("Relu", "Relu", "Relu")
    assert ops(after(RELU_TO_ABS, model).model) == ["Abs", "Relu", "Relu"]
    assert ops(after(replace(RELU_TO_ABS, repeats=True), model).model) == ["Abs"] * 3


def test_a_node_that_is_to_be_kept_is_refused() -> None:
    model = chain("Relu")
    (name,) = (node.name or "" for node in model.ir.graph)
    assert reasons(RELU_TO_ABS, model, keep=[name]) == ["kept on request"]
    assert after(RELU_TO_ABS, model, keep=[name]).refusals[0].node == name


def test_a_write_may_refuse() -> None:
    def write(one: One, copy: Copy) -> None:
        raise Unsupported("it turned out otherwise")

    assert reasons(replace(RELU_TO_ABS, write=write), chain("Relu")) == ["it turned out otherwise"]


@dataclass
class Shown:
    """An obligation that holds unless a reason is given."""

    reason: str | None
    discharged: bool = False

    def refusal(self, survey: Survey) -> str | None:
        assert survey.specs
        return self.reason

    def discharge(self) -> None:
        self.discharged = True


@pytest.mark.parametrize("reason", [None, "rows are mixed"])
def test_what_is_not_shown_equal_is_dropped(reason: str | None) -> None:
    shown, model = Shown(reason), chain("Relu")

    def write(one: One, copy: Copy) -> Obligation:
        write_abs(one, copy)
        return shown

    form = after(Pass("proved", find_first_relu, write), model)
    assert ops(form.model) == (["Abs"] if reason is None else ["Relu"])
    assert [each.reason for each in form.refusals] == ([] if reason is None else [reason])
    assert shown.discharged == (reason is None)


def test_nodes_that_only_a_dead_body_reads_are_removed_with_it() -> None:
    data = build(
        """
        d = Neg (x) p = ReduceMax <keepdims = 0> (x) q = Greater (p, half)
        r = If (q) <
            then_branch = yes () => (float[N, 3] a) { a = Relu (d) },
            else_branch = no () => (float[N, 3] b) { b = Exp (d) }
        >
        s = Relu (x) t = Add (s, r) y = Abs (t)
        """,
        inputs="float[N, 3] x", outputs="float[N, 3] y",
        weights={"half": np.array(0.5, np.float32)},
    )  # fmt: skip

    def find(graph: ir.Graph, survey: Survey) -> Iterator[One]:
        yield from (One(node) for node in graph if node.op_type == "Add")

    def write(one: One, copy: Copy) -> None:
        node = copy.node(one.node)
        replace_node(node, ir.node("Identity", node.inputs[:1], name=node.name))

    form = after(Pass("drop the second summand", find, write), load(data))
    assert ops(form.model) == ["Relu", "Identity", "Abs"]


def test_a_model_for_no_pass_stays_itself() -> None:
    model = chain("Neg", "Abs")
    assert run_passes(model, survey_model(model, frozenset({"N"}))).model is model


def test_every_pass_has_a_name_of_its_own_and_shows_what_it_writes() -> None:
    assert len({each.name for each in PASSES}) == len(PASSES)
    for each in PASSES:
        documented = sys.modules[each.write.__module__].__doc__ or ""
        assert "->" in documented, f"{each.name}: show before -> after"
