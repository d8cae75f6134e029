"""The partial evaluator: interprets the original graph over lazy values, and writes the new graph.

Each node's declaration (see `axes.factors`) says which factors pass through, are summed or are
mixed, and with that what may be done to compact values and to blocks of columns. An op without a
declaration gets its inputs in full and stays as it was, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import onnx_ir as ir

from mari_engine.analysis import (
    Attention,
    GraphFacts,
    find_graph_facts,
    survey_by_labels,
)
from mari_engine.axes import SEVERAL_REQUESTS, Contract, Unsupported
from mari_engine.graph import Model, captured_values, operand_values, value_names
from mari_engine.ops import is_product
from mari_engine.rewriting.attention import attend_by_blocks
from mari_engine.rewriting.boundary import Boundary, open_batch, open_boundary
from mari_engine.rewriting.context import (
    Context,
    DecisionLog,
    Options,
    OriginalValues,
    Step,
    Strategy,
)
from mari_engine.rewriting.dead_columns import narrow_to_live, without_dead_columns
from mari_engine.rewriting.emission import GraphBuilder, close_graph, copy_with_captures
from mari_engine.rewriting.forms import (
    Blocks,
    Form,
    Materializer,
    as_whole,
    is_multiple,
    is_rescaled,
)
from mari_engine.rewriting.handlers import HANDLERS
from mari_engine.rewriting.products import reshape_pairwise
from mari_engine.rewriting.spelled_norms import SpelledNorms
from mari_engine.types import Action, Labels, Signature

_FULL = Strategy()
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
    of_requests: Mapping[str, int] = field(default_factory=dict)
    """Of several requests a call: the outputs with a row for each request, and the rows' axis."""


def rewrite(
    model: Model,
    labels: Labels,
    options: Options,
    strategy: Strategy = _FULL,
    *,
    facts: GraphFacts | None = None,
    report_progress: Callable[[float], None] = lambda share: None,
) -> Rewritten:
    """Return a graph that computes the same, with what is per request computed once.

    `facts` are those of the model's graph, if they were found already. `report_progress` gets the
    share of the nodes that were visited (0 to 1), and may raise to stop. The model is not changed.
    """
    if facts is None:
        survey = survey_by_labels(model, labels)
        facts = find_graph_facts(model.ir.graph, survey)
    return _Interpreter(model, facts, options, strategy).run(labels, report_progress)


class _Interpreter:
    def __init__(
        self, model: Model, facts: GraphFacts, options: Options, strategy: Strategy
    ) -> None:
        self.model = model
        self.graph = model.ir.graph
        self.survey, self.facts, self.options = facts.survey, facts, options
        self.builder = GraphBuilder(opset=model.opset, reserved=value_names(self.graph))
        self.materializer = Materializer(self.builder, candidates=options.candidates)
        self.originals = OriginalValues(self.survey, self.materializer)
        self.log = DecisionLog()
        self.attentions = facts.attentions if strategy.split else {}
        self.context = Context(
            self.originals, facts.consumers, self.materializer, self.log, options.prices, strategy
        )
        self.norms = SpelledNorms(facts.norms, self.context)
        self.of_requests: dict[str, int] = {}

    def run(self, labels: Labels, report_progress: Callable[[float], None]) -> Rewritten:
        signature, originals = self.options.signature, self.originals
        for value in self.graph.outputs:
            self.builder.names.add(value.name or "")
        boundary = self.open_boundary(labels)
        originals.forms.update(boundary.forms)
        for old, new in zip(self.graph.inputs, boundary.inputs, strict=False):
            if old not in originals.forms:
                originals.unranked[old] = new
        for at, node in enumerate(self.graph):
            report_progress(at / len(self.graph))
            attention = self.attentions.get(node)
            if attention is None:
                self.visit(node)
            elif node is attention.total:  # its keys and values are known only here
                self.visit_attention(attention)
        outputs = [self.output(value, boundary) for value in self.graph.outputs]
        model = close_graph(self.model.ir, self.builder, boundary.inputs, outputs)
        return Rewritten(model, boundary, self.log, signature, self.of_requests)

    def open_boundary(self, labels: Labels) -> Boundary:
        given = self.graph, labels, self.survey, self.builder
        if self.options.signature == Signature.BATCHED:
            return open_batch(*given, self.options.index)
        return open_boundary(*given, self.options.signature)

    def output(self, value: ir.Value, boundary: Boundary) -> ir.Value:
        """Return a graph output; of several requests one row for each, or one a candidate."""
        if boundary.batch is None:
            return self.originals.output(value)
        rows = self.survey.fact(value).axes.index(SEVERAL_REQUESTS)
        compact = self.originals.without_candidates(value)
        if compact is not None:
            self.of_requests[value.name or ""] = rows
            return compact
        return boundary.batch.unpad(self.originals.in_full(value), rows)

    # --- the walk

    def visit(self, node: ir.Node) -> None:
        if all(self.survey.is_static(value) for value in node.outputs):
            return  # shape arithmetic: made anew where it is needed
        if self.norms.is_merged(node):
            return  # made at its first step
        reason = self.reason_to_keep(node)
        if reason is not None:
            self.copy_in_full(node, reason)
            return
        try:
            if self.merges_norm(node):
                return
            results = self.results(node)
        except Unsupported as refusal:
            self.copy_in_full(node, str(refusal))
            return
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as failure:
            kind = self.log.record_failure(node, failure)
            self.copy_in_full(node, f"the rewriter failed here ({kind}), please report it")
            return
        for value, form in zip(node.outputs, results, strict=True):
            self.store(value, self.without_dead_columns(value, form))

    def visit_attention(self, attention: Attention) -> None:
        """Visit an attention's nodes as one, by blocks of sides; else one after the other."""
        kept = any(self.reason_to_keep(node) is not None for node in attention.nodes)
        form = None if kept else attend_by_blocks(attention, self.context)
        if form is not None:
            (value,) = attention.total.outputs
            self.store(value, self.without_dead_columns(value, form))
            return
        for node in attention.nodes:
            self.visit(node)

    def without_dead_columns(self, value: ir.Value, form: Form) -> Form:
        """Return the form without the columns that nothing reads."""
        found = self.facts.liveness.columns(value) if self.context.strategy.split else None
        if found is None or value.dtype is None:
            return form
        return without_dead_columns(form, found, value.dtype, self.materializer.columns)

    def reason_to_keep(self, node: ir.Node) -> str | None:
        if node.name in self.options.keep:
            return "kept on request"
        if node not in self.survey.specs:
            return self.survey.unknown.get(node, "")
        if any(value in self.originals.unranked for value in operand_values(node) if value):
            return "the rank of an operand is known only at run time"
        spec = self.survey.specs[node]
        if isinstance(spec, Contract) and not (self.floats(node) or _adds(spec)):
            return "a product of whole numbers"
        return None

    def floats(self, node: ir.Node) -> bool:
        fact = self.survey.values.get(node.outputs[0])
        return fact is not None and fact.dtype in _FLOATS

    def merges_norm(self, node: ir.Node) -> bool:
        """Make a spelled-out norm, at its first step, by side; return False where it is not."""
        norm = self.norms.starts_with(node)
        if norm is None or any(self.reason_to_keep(each) is not None for each in norm.nodes):
            return False
        form = self.norms.merge(norm)
        if form is not None:
            value = norm.nodes[-1].outputs[0]
            self.store(value, self.without_dead_columns(value, form))
        return form is not None

    def results(self, node: ir.Node) -> Sequence[Form]:
        if self.norms.is_fused(node):
            return self.norms.copy_step(node)
        spec = self.survey.specs[node]
        forms = tuple(
            None
            if value is None or axes is None
            else reshape_pairwise(self.originals.form(value), axes, self.context)
            for value, axes in zip(operand_values(node), spec.operands, strict=True)
        )
        step = Step(node, spec, forms, self.context)
        with self.builder.on_behalf((node,)):
            fewer = narrow_to_live(step)
            handle = HANDLERS[type(spec)]
            made = handle(step) if fewer is None else fewer.widen(handle(fewer.step))
            summed = isinstance(spec, Contract) and not self.floats(node)
            return [self.computed(form) for form in made] if summed else made

    def computed(self, form: Form) -> Form:
        """Return a form whose parts are tensors; joined columns stay apart."""
        if not isinstance(form, Blocks):
            return self.materializer.materialize(form)
        parts = tuple(as_whole(self.materializer.materialize(part)) for part in form.parts)
        return replace(form, parts=parts)

    def shared(self, form: Blocks) -> Blocks:
        """Return joined columns whose parts are tensors, or what products take as it is.

        These are multiples of the request's columns, and tensors scaled by constants.
        """
        parts = tuple(
            part
            if is_multiple(part, form.position) or is_rescaled(part)
            else self.materializer.materialize(part)
            for part in form.parts
        )
        return form if parts == form.parts else replace(form, parts=parts)

    def store(self, value: ir.Value, form: Form) -> None:
        """Store a value's form; one with several readers is computed before they share it."""
        readers = self.facts.consumers.readers(value)
        shared = len(readers) > 1 and not self.context.is_deferrable(value)
        if shared or value.is_graph_output():
            if isinstance(form, Blocks):
                form = self.shared(form)
            else:
                specs = [self.survey.specs.get(node) for node, _ in readers]
                summed = any(isinstance(s, Contract) and len(s.terms) == 1 for s in specs)
                form = self.context.layouts.in_axis_order(
                    self.materializer.materialize(form), whole=summed
                )
        self.originals.forms[value] = form

    # --- nodes that stay

    def copy_in_full(self, node: ir.Node, reason: str) -> None:
        """Give a node its inputs in full and leave it as it was."""
        originals = self.originals
        if reason:
            originals.why = f"{node.op_type} ({node.name}) is kept: {reason}"
        inputs = originals.all_in_full(node.inputs)
        captured = {value: originals.in_full(value) for value in captured_values(node)}
        new = copy_with_captures(self.builder, node, inputs, captured)
        for old, value in zip(node.outputs, new.outputs, strict=True):
            value.type, value.shape = old.type, old.shape.copy() if old.shape else None
            originals.register(old, value)
        if is_product(node):
            self.log.record(node, Action.KEPT, reason)


def _adds(spec: Contract) -> bool:
    """Return True for a plain sum: exact in whole numbers too, in any order."""
    return len(spec.terms) == 1 and spec.scale == 1 and spec.addend is None
