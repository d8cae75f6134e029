"""Nodes of an attention run on some of its rows and keys, by the handlers of their declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import onnx_ir as ir

from mari_engine.analysis import Attention
from mari_engine.axes import Axes, AxisLabels, Contract, Index, Spec, with_extent
from mari_engine.rewriting.context import Context, Step
from mari_engine.rewriting.forms import Form, Product, per_candidate
from mari_engine.rewriting.handlers import HANDLERS


@dataclass(frozen=True, eq=False)
class Block:
    """Some columns of positions of the scores: rows, keys, or both; all of any other position."""

    columns: Mapping[int, Index]
    """By position of the scores. Equal choices are one array, so that each is taken once."""


@dataclass(frozen=True, eq=False)
class BlockRunner:
    """Runs nodes of one attention; what is taken of an operand for a block is taken once."""

    attention: Attention
    context: Context
    shared: bool
    """Several blocks read what is the candidates' of queries, keys and values: computed once."""
    _taken: dict[object, Form] = field(default_factory=dict)

    def run(self, nodes: Sequence[ir.Node], block: Block, made: dict[ir.Value, Form]) -> None:
        """Add the results of nodes, for this block, to what was made of it so far."""
        for node in nodes:
            with self.context.builder.on_behalf((node,)):
                step = self._step(node, block, made)
                (made[node.outputs[0]],) = HANDLERS[type(step.spec)](step)

    def _step(self, node: ir.Node, block: Block, made: Mapping[ir.Value, Form]) -> Step:
        spec = self.spec(node)
        terms, (output, *_) = spec.labels()
        chosen = self.by_label(node, block)
        operands, forms = list[Axes | None](), list[Form | None]()
        rest: Sequence[AxisLabels | None] = (*terms, *[None] * (len(spec.operands) - len(terms)))
        for index, labels in enumerate(rest):
            value, axes = node.inputs[index], spec.operands[index]
            own = {at: chosen[label] for at, label in enumerate(labels or ()) if label in chosen}
            short = None if axes is None else _narrowed(axes, own)
            operands.append(short)
            if value is None or axes is None or short is None:
                forms.append(None)
            elif value in made:
                forms.append(self.context.axes.regroup(made[value], short))
            else:
                heads = spec.stacked(index) if isinstance(spec, Contract) else frozenset[int]()
                forms.append(self._operand(value, axes, own, heads))
        places = {at: chosen[label] for at, label in enumerate(output) if label in chosen}
        result = _narrowed(spec.results[0], places)
        narrow = replace(spec, operands=tuple(operands), results=(result,))
        return Step(node, narrow, tuple(forms), self.context)

    def spec(self, node: ir.Node) -> Spec:
        """Return the declaration of a node."""
        return self.context.originals.survey.specs[node]

    def by_label(self, node: ir.Node, block: Block) -> dict[int, Index]:
        """Return the block's columns by the labels that a node has for the scores' positions."""
        spec, places = self.spec(node), self.attention.places
        if node is self.attention.scores:
            assert isinstance(spec, Contract)
            return {spec.output[at]: columns for at, columns in block.columns.items()}
        terms, _ = spec.labels()
        at, value = next((at, v) for at, v in enumerate(node.inputs) if v in places)
        assert value is not None
        own = terms[at] or ()
        return {
            own[places[value][position]]: columns
            for position, columns in block.columns.items()
            if places[value][position] >= 0
        }

    def _operand(
        self, value: ir.Value, axes: Axes, columns: Mapping[int, Index], heads: frozenset[int]
    ) -> Form:
        """Return what a block reads of an operand that is not made of scores."""
        key = (value, axes, *((at, id(chosen)) for at, chosen in columns.items()))
        if key not in self._taken:
            form = self.context.axes.regroup(self.context.originals.form(value), axes)
            for at, chosen in columns.items():
                form = self.context.columns.take(form, at, chosen)
            self._taken[key] = self._computed(form, heads) if self.shared else form
        return self._taken[key]

    def _computed(self, form: Form, heads: frozenset[int]) -> Form:
        """Return what is the candidates' as a tensor, heads in front where that pays."""
        if not per_candidate(form):
            return form
        if isinstance(form, Product):
            return self.context.materializer.product_by_head(form, heads)
        return self.context.materializer.materialize(form)


def _narrowed(axes: Axes, columns: Mapping[int, Index]) -> Axes:
    for at, chosen in columns.items():
        axes = with_extent(axes, at, len(chosen))
    return axes
