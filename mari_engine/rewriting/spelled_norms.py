"""Norms that are spelled out as several nodes: made by side as one op, or copied as they stand.

`(x - mean) / sqrt(mean((x - mean)^2) + eps) * w + b` over joined columns is made as the one op that
it is. Of a tensor that has all its factors its nodes are copied in order, since runtimes make one
node of them where they match the pattern as it was (see `analysis.layer_norms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import SpelledNorm
from mari_engine.axes import flat, positions
from mari_engine.rewriting.context import Context, Step
from mari_engine.rewriting.forms import Atom, Blocks, Form
from mari_engine.rewriting.handlers import merge_norm


class SpelledNorms:
    """Makes the steps of spelled-out norms while a graph is rewritten."""

    def __init__(self, norms: Mapping[ir.Node, SpelledNorm], context: Context) -> None:
        self._norms = norms
        self._context = context
        self._originals = context.originals
        self._merged = set[SpelledNorm]()

    def is_merged(self, node: ir.Node) -> bool:
        """Return True for a step of a norm that was made by side: its values are not there."""
        return self._norms.get(node) in self._merged

    def starts_with(self, node: ir.Node) -> SpelledNorm | None:
        """Return the norm of which a node is the first step, where it is known as one op."""
        norm = self._norms.get(node)
        known = norm is not None and norm.declared is not None
        return norm if norm is not None and known and node is norm.nodes[0] else None

    def merge(self, norm: SpelledNorm) -> Form | None:
        """Return the result of a norm, made by side; None where that does not pay."""
        if norm.declared is None:
            return None
        spec, operands = norm.declared
        forms = tuple(self._originals.form(value) for value in operands)
        last = norm.nodes[-1]
        with self._context.builder.on_behalf((last,)):
            form = merge_norm(Step(last, spec, forms, self._context), partial(self._compute, norm))
        if form is not None:
            self._merged.add(norm)
        return form

    def _compute(self, norm: SpelledNorm) -> Atom:
        """Return a norm in full, its nodes copied; forms stay what they are."""
        forms = self._originals.forms
        before, made = dict(forms), list[Atom]()
        try:
            for node in norm.nodes:
                made = self.copy_step(node)
                forms.update(zip(node.outputs, made, strict=True))
        finally:
            forms.clear()
            forms.update(before)
        return made[0]

    def is_fused(self, node: ir.Node) -> bool:
        """Return True for a step of a norm, of a tensor that has all its factors, to be copied."""
        norm = self._norms.get(node)
        if norm is None or not norm.fused:
            return False
        form = self._originals.forms.get(norm.source)
        computed = self._context.materializer.is_materialized
        if form is None or isinstance(form, Blocks) or not computed(form):
            return False
        return form.present == frozenset(range(len(flat(form.axes))))

    def copy_step(self, node: ir.Node) -> list[Atom]:
        """Return the results of a norm's step, copied as it was, on the last axis."""
        originals, context = self._originals, self._context
        source = self._norms[node].source
        atom = context.materializer.materialize(originals.form(source))
        originals.forms[source] = context.layouts.lay(atom, positions(atom.axes))
        with context.builder.on_behalf((node,)):
            new = context.builder.copy(node, originals.all_in_full(node.inputs))
        facts = [originals.survey.fact(value) for value in node.outputs]
        return [
            Atom(fact.axes, value, positions(fact.axes))
            for fact, value in zip(facts, new.outputs, strict=True)
        ]
