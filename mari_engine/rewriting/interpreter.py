"""The interpreter: walks the original graph, keeps values lazy, and writes the new graph.

What an op is allowed to do with a compact or a divided value is read off its declaration (see
`factors`); an op without one gets its inputs in full and stays as it was, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import (
    GraphFacts,
    Survey,
    candidate_symbols,
    find_graph_facts,
    survey_model,
)
from mari_engine.axes import CANDIDATES, Contract, Unsupported, flat, positions
from mari_engine.graph import Model
from mari_engine.ops import is_product
from mari_engine.rewriting.boundary import Boundary, open_boundary
from mari_engine.rewriting.context import Context, DecisionLog, Step, Strategy
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.dead_columns import narrowed, without_unread
from mari_engine.rewriting.emission import Constant, GraphBuilder, close_graph, copy_with_captures
from mari_engine.rewriting.forms import Atom, Blocks, Form, Materializer, as_whole
from mari_engine.rewriting.handlers import HANDLERS
from mari_engine.rewriting.products import regrouped
from mari_engine.types import Action, Labels, Signature

_FLOATS = frozenset(
    {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}
)


@dataclass(frozen=True, eq=False)
class Rewritten:
    """A new graph, its calling contract and what was decided on the way."""

    model: ir.Model
    boundary: Boundary
    log: DecisionLog
    signature: Signature


def rewrite(
    model: Model,
    labels: Labels,
    *,
    signature: Signature,
    candidates: int,
    keep: Collection[str] = (),
    strategy: Strategy | None = None,
    prices: Prices | None = None,
    survey: Survey | None = None,
    graph_facts: GraphFacts | None = None,
    report_progress: Callable[[float], None] = lambda share: None,
) -> Rewritten:
    """Return a graph that computes the same, with what is per request computed once.

    `keep` names nodes that must stay as they are; `survey` and `graph_facts` are the model's, if
    they were made already. `report_progress` gets the share of the nodes that were visited (0 to
    1), and may raise to stop. The model is not changed.
    """
    if survey is None:
        survey = survey_model(model, candidate_symbols(model, labels))
    ways = strategy or Strategy(), prices or Prices()
    walk = _Interpreter(model, survey, candidates, frozenset(keep), *ways, graph_facts)
    return walk.run(labels, signature, report_progress)


class _Interpreter:
    def __init__(
        self, model: Model, survey: Survey, candidates: int, keep: frozenset[str],
        strategy: Strategy, prices: Prices, graph_facts: GraphFacts | None,
    ) -> None:  # fmt: skip
        self.model = model
        self.graph = model.ir.graph
        self.survey = survey
        ahead = graph_facts or find_graph_facts(self.graph, survey)
        self.consumers, self.liveness, self.norms = ahead.consumers, ahead.liveness, ahead.norms
        self.keep = keep
        self.builder = GraphBuilder(opset=model.opset)
        self.materializer = Materializer(self.builder, candidates=candidates)
        self.log = DecisionLog()
        self.context = Context(
            self.builder, self.materializer, self.log, prices, strategy, candidates, self.native
        )
        self.forms: dict[ir.Value, Form] = {}
        self.opaque: dict[ir.Value, ir.Value] = {}

    def run(
        self, labels: Labels, signature: Signature, report_progress: Callable[[float], None]
    ) -> Rewritten:
        self.builder.names.update(value.name or "" for value in self.graph.outputs)
        boundary = open_boundary(self.graph, labels, self.survey, self.builder, signature)
        self.forms.update(boundary.forms)
        for old, new in zip(self.graph.inputs, boundary.inputs, strict=False):
            if old not in self.forms:
                self.opaque[old] = new
        for at, node in enumerate(self.graph):
            report_progress(at / len(self.graph))
            self.visit(node)
        outputs = [self.output(value) for value in self.graph.outputs]
        model = close_graph(self.model.ir, self.builder, boundary.inputs, outputs)
        return Rewritten(model, boundary, self.log, signature)

    # --- the walk

    def visit(self, node: ir.Node) -> None:
        if all(self.survey.is_static(value) for value in node.outputs):
            return  # shape arithmetic: made anew where it is needed
        reason = self.reason_to_keep(node)
        if reason is not None:
            self.call_as_it_was(node, reason)
            return
        try:
            results = self.normalized(node) if self.runs_fused(node) else self.results(node)
        except Unsupported as refusal:
            self.call_as_it_was(node, str(refusal))
            return
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as failure:
            kind = type(failure).__name__
            self.log.failures.append(f"{node.op_type} ({node.name}): {kind}: {failure}")
            self.call_as_it_was(node, f"the rewriter failed here ({kind}), please report it")
            return
        for value, form in zip(node.outputs, results, strict=True):
            self.hold(value, self.as_read(value, form))

    def as_read(self, value: ir.Value, form: Form) -> Form:
        """Return the form without the columns that nothing reads."""
        found = self.liveness.columns(value) if self.context.strategy.split else None
        if found is None or value.dtype is None:
            return form
        return without_unread(form, found, value.dtype, self.materializer.columns)

    def reason_to_keep(self, node: ir.Node) -> str | None:
        if node.name in self.keep:
            return "kept on request"
        if node not in self.survey.specs:
            return self.survey.unknown.get(node, "")
        if any(value in self.opaque for value in node.inputs if value is not None):
            return "the rank of an operand is known only at run time"
        spec = self.survey.specs[node]
        if isinstance(spec, Contract) and not (self.floats(node) or _adds(spec)):
            return "a product of whole numbers"
        return None

    def floats(self, node: ir.Node) -> bool:
        return node.outputs[0].dtype in _FLOATS

    def results(self, node: ir.Node) -> list[Form]:
        spec = self.survey.specs[node]
        forms = tuple(
            None
            if value is None or axes is None
            else regrouped(self.form(value), axes, self.context)
            for value, axes in zip(node.inputs, spec.operands, strict=True)
        )
        waits = self.context.strategy.fold and self.consumers.can_wait(node.outputs[0])
        join_sites = partial(self.consumers.join_sites, node.outputs[0])
        worth = self.consumers.worth(node.outputs[0]) if self.context.strategy.split else 0.0
        step = Step(node, spec, forms, self.context, waits, worth, join_sites)
        with self.builder.on_behalf((node,)):
            fewer = narrowed(step)
            handle = HANDLERS[type(spec)]
            made = handle(step) if fewer is None else fewer.widened(handle(fewer.step))
            whole = isinstance(spec, Contract) and not self.floats(node)
            return [self.materializer.materialize(form) for form in made] if whole else made

    def runs_fused(self, node: ir.Node) -> bool:
        """Return True for a step of a norm over what is there in full, for each candidate."""
        norm = self.norms.get(node)
        form = self.forms.get(norm.source) if norm is not None else None
        if form is None or isinstance(form, Blocks) or not self.materializer.is_materialized(form):
            return False
        return form.present == frozenset(range(len(flat(form.axes))))

    def normalized(self, node: ir.Node) -> list[Form]:
        """Return a step of a norm as it was: on the last axis, its scale and shift apart."""
        source = self.norms[node].source
        atom = self.materializer.materialize(self.form(source))
        self.forms[source] = self.context.layouts.lay(atom, positions(atom.axes))
        with self.builder.on_behalf((node,)):
            inputs = [None if value is None else self.native(value) for value in node.inputs]
            new = self.builder.copy(node, inputs)
        facts = [self.survey.fact(value) for value in node.outputs]
        return [
            Atom(fact.axes, value, positions(fact.axes))
            for fact, value in zip(facts, new.outputs, strict=True)
        ]

    def hold(self, value: ir.Value, form: Form) -> None:
        """Remember a value; one with several readers is computed before they share it."""
        waits = self.context.strategy.fold and self.consumers.can_wait(value)
        readers = self.consumers.readers(value)
        if (len(readers) > 1 and not waits) or value.is_graph_output():
            if isinstance(form, Blocks):
                parts = tuple(as_whole(self.materializer.materialize(part)) for part in form.parts)
                form = replace(form, parts=parts)
            else:
                specs = [self.survey.specs.get(node) for node, _ in readers]
                summed = any(isinstance(s, Contract) and len(s.terms) == 1 for s in specs)
                form = self.context.layouts.in_axis_order(
                    self.materializer.materialize(form), whole=summed
                )
        self.forms[value] = form

    # --- values

    def form(self, value: ir.Value) -> Form:
        """Return the form of an original value."""
        if value not in self.forms:
            self.forms[value] = self.constant(value)
        return self.forms[value]

    def constant(self, value: ir.Value) -> Atom:
        """Return a value that is known before the model runs."""
        fact = self.survey.fact(value)
        tensor = value.const_value
        if value.is_initializer() and tensor is not None:
            held = Constant(tensor.numpy, tensor.dtype, value)
            return Atom(fact.axes, held, positions(fact.axes))
        if fact.dtype is None:
            raise Unsupported("a constant of unknown type")
        content, dims = fact.content, positions(fact.axes)
        if content is None:  # one element, repeated
            dims = ((),) * len(fact.axes)
            content = np.full([1] * len(dims), fact.fill)
        if content.dtype == object:
            return Atom(fact.axes, self.builder.extents.tensor(content, fact.dtype), dims)
        array = np.asarray(content, dtype=fact.dtype.numpy())
        return Atom(fact.axes, Constant(lambda: array, fact.dtype), dims)

    def native(self, value: ir.Value) -> ir.Value:
        """Return an original value in full, in its own layout, in the new graph."""
        if value in self.opaque:
            return self.opaque[value]
        atom = self.materializer.materialize(self.form(value), self.why)
        self.forms[value] = atom
        full = self.context.layouts.lay(atom, positions(atom.axes))
        return self.builder.value(full.tensor)

    def output(self, value: ir.Value) -> ir.Value:
        """Return a graph output; of one row where no input tells how many candidates there are."""
        if value in self.opaque or self.builder.extents.is_readable(CANDIDATES):
            return self.native(value)
        atom = self.materializer.materialize(self.form(value), self.why)
        dims = tuple(
            tuple(at for at in group if flat(atom.axes)[at] != CANDIDATES)
            for group in positions(atom.axes)
        )
        return self.builder.value(self.context.layouts.lay(atom, dims).tensor)

    why = "a node that is kept reads all of its columns"

    # --- nodes that stay

    def call_as_it_was(self, node: ir.Node, reason: str) -> None:
        """Give a node its inputs in full and leave it as it was."""
        self.why = f"{node.op_type} ({node.name}) is kept: {reason}" if reason else self.why
        inputs = [None if value is None else self.native(value) for value in node.inputs]
        new = copy_with_captures(self.builder, node, inputs, self.native)
        for old, value in zip(node.outputs, new.outputs, strict=True):
            value.type, value.shape = old.type, old.shape.copy() if old.shape else None
            fact = self.survey.values.get(old)
            if fact is None:
                self.opaque[old] = value
                continue
            self.forms[old] = Atom(fact.axes, value, positions(fact.axes))
            for at, axis in enumerate(fact.axes):
                if len(axis) == 1 and isinstance(axis[0], str):
                    self.builder.extents.register(axis[0], value, at)
        if is_product(node):
            self.log.record(node, Action.KEPT, reason)


def _adds(spec: Contract) -> bool:
    """Return True for a plain sum: exact in whole numbers too, in any order."""
    return len(spec.terms) == 1 and spec.scale == 1 and spec.addend is None
