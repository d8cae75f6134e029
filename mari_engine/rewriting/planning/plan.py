"""The plan of a chosen rewrite: decisions explained, nodes marked with sides, interface stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, flat
from mari_engine.graph import Model, restore_defaults
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import Rewritten
from mari_engine.rewriting.planning.cost_attribution import decide
from mari_engine.rewriting.planning.explanations import MixingAnalysis
from mari_engine.rewriting.planning.labeled_model import LabeledModel
from mari_engine.rewriting.planning.row_view import refuse_batch
from mari_engine.rewriting.planning.side_marks import mark_sides
from mari_engine.rewriting.planning.strategy_search import Choice
from mari_engine.types import (
    Coloring,
    Decision,
    FlopsReport,
    Interface,
    OutputBinding,
    Signature,
)


def make_plan(source: LabeledModel, options: Options, choice: Choice, coloring: Coloring) -> Plan:
    """Return the plan that a choice leads to; its `elapsed` is set by who measured it."""
    made = choice.rewritten
    mark_sides(made.model, made.boundary)
    for old, new in zip(source.model.ir.graph.outputs, made.model.graph.outputs, strict=True):
        # as promised: what was found of the canonical form may be more
        new.shape = _of_requests(old, made) if old.name in made.of_requests else old.shape
    restore_defaults(made.model)
    return Plan(
        original=source.model,
        optimized=Model(made.model, f"{Path(source.model.name).stem}.optimized.onnx"),
        labels=source.labels,
        signature=options.signature,
        candidates=options.candidates,
        keep=options.keep,
        coloring=coloring,
        decisions=_decisions(source, options, choice),
        selection=choice.selection,
        layout=tuple(made.log.layouts),
        flops=FlopsReport(choice.before, choice.after),
        interface=_interface(source, made),
        elapsed=0.0,
        prices=asdict(options.prices),
        failures=tuple(made.log.failures),
    )


def _decisions(source: LabeledModel, options: Options, choice: Choice) -> tuple[Decision, ...]:
    """Return a decision for each product, by the names and ops of the original's nodes."""
    form = source.form
    analysis = MixingAnalysis(form.model.ir.graph, source.labels, form.survey)
    log = analysis.explain(choice.rewritten.log)
    decisions = decide(log, choice.before, choice.shares, choice.split, options.prices)
    ops = {node.name: node.op_type for node in source.model.ir.graph}
    return tuple(replace(each, op=ops.get(each.node, each.op)) for each in decisions)


def _interface(source: LabeledModel, made: Rewritten) -> Interface:
    """Return the calling contract: an output has a row per candidate where the original's has.

    A compact model without candidate inputs cannot know their number: all of its outputs are the
    request's.
    """
    if made.signature == Signature.BATCHED:
        return Interface(made.boundary.bindings, tuple(_batch_outputs(source, made)))
    counted = made.signature == Signature.DROP_IN or any(
        binding.rows == "candidate" for binding in made.boundary.bindings
    )
    outputs = []
    for value in source.model.ir.graph.outputs:
        fact = source.survey.values.get(value)
        many = fact is None or (counted and CANDIDATES in flat(fact.axes))
        outputs.append(OutputBinding(value.name or "", "candidate" if many else "request"))
    return Interface(made.boundary.bindings, tuple(outputs))


def _batch_outputs(source: LabeledModel, made: Rewritten) -> Iterator[OutputBinding]:
    """Yield the outputs of a batch; raises LabelError for one of requests made for candidates."""
    for value in source.model.ir.graph.outputs:
        name, fact = value.name or "", source.survey.values.get(value)
        if name in made.of_requests:
            yield OutputBinding(name, "request")
            continue
        if fact is None or CANDIDATES not in flat(fact.axes):
            raise refuse_batch(f"output {name!r} is the request's, and is made for each candidate")
        yield OutputBinding(name, "candidate")


def _of_requests(value: ir.Value, made: Rewritten) -> ir.Shape | None:
    """Return the shape of an output with a row for each request: `[R, M]`."""
    batch = made.boundary.batch
    if value.shape is None or batch is None:
        return None
    shape = list(value.shape)
    shape[made.of_requests[value.name or ""]] = ir.SymbolicDim(batch.requests)
    return ir.Shape(shape)
