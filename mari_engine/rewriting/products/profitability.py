"""Profitability of splits: seconds that they save against seconds that they cost.

A split of `[N, K] x [K, M]` saves the request side's rows for all candidates but one, and the
concatenation; it costs another product and addition, and the slicing of what is joined already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mari_engine.analysis import extent
from mari_engine.axes import AxisLabels, Contract, Dim, Spec, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.emission import Tensor
from mari_engine.rewriting.forms import (
    SHORT_RUN,
    Blocks,
    Form,
    Term,
    as_product,
    column_runs,
    is_scattered,
    per_candidate,
    terms,
)


def passing_split_pays(step: Step, *, behind: float = 0.0) -> bool:
    """Return True when distributing a product or a reduction over columns that pass it pays.

    It saves the request side's work for each candidate, and costs a concatenation afterwards.
    `behind` are FLOPs for each element of the result that are then not spent per candidate either.
    """
    extents, many, prices = _extents(step.spec), step.context.candidates, step.context.prices
    terms, (output, *_) = step.spec.labels()
    at = next(i for i, form in enumerate(step.forms) if isinstance(form, Blocks) and form.mixed)
    form, own, read = step.forms[at], terms[at] or (), step.node.inputs[at]
    assert isinstance(form, Blocks)
    others = _others(step, terms, at)

    def elements(labels: set[int], columns: int) -> float:
        rest = labels - {own[form.position]}
        return columns * extent(tuple(extents[label] for label in rest), many)

    sides = [{own[place] for place in side} for side in form.sides]
    counts = np.bincount(form.part, minlength=len(form.parts)).tolist()
    whole, width = set[int]().union(*sides), len(form.part)

    def spared(kept: set[int]) -> float:
        """Return the elements, of these labels, that are not the candidates' any more."""
        alone = sum(
            elements((side | others) & kept, n) for side, n in zip(sides, counts, strict=True)
        )
        return elements((whole | others) & kept, width) - alone

    saves = (2 * spared(set(extents)) + behind * spared(set(output))) / prices.flops_per_second
    move = prices.move
    if not step.context.materializer.is_materialized(form) and read is not None:
        saves += move * elements(whole, width) / max(1, len(read.uses()))
    kinds = list(dict.fromkeys(frozenset(side) for side in sides))
    costs = (len(kinds) - 1) * prices.node
    kind = np.array([kinds.index(frozenset(side)) for side in sides])[form.part]
    for dims, place in step.join_sites(output.index(own[form.position])):
        made, inner = extent(dims, many), dims[place + 1 :]
        costs += move * made
        if is_scattered(kind, len(kinds), inner):
            costs += prices.node + made * (prices.pick / max(1, extent(inner, many)) + move)
    return saves > costs


def _extents(spec: Spec) -> dict[int, Dim]:
    """Return the extent of each label of the operands."""
    return {
        label: dim
        for axes, labels in zip(spec.operands, spec.labels()[0], strict=False)
        for label, dim in zip(labels or (), flat(axes or ()), strict=True)
    }


def _others(step: Step, terms: Sequence[AxisLabels | None], at: int) -> set[int]:
    """Return the labels along which the other operands vary."""
    return {
        own[place]
        for i, own in enumerate(terms)
        for other in [step.forms[i]]
        if i != at and other is not None and own is not None
        for place in other.present
    }


def split_gain(step: Step, spec: Contract, at: int, form: Blocks) -> Gain:
    """Return what splitting the product by the sides of a summed operand saves and costs."""
    candidates, extents = step.context.candidates, spec.extents()
    is_weight = step.context.materializer.is_weight
    label = spec.terms[at][form.position]
    others = _others(step, spec.terms, at)

    def extent_of(labels: set[int], columns: int) -> int:
        return columns * extent(tuple(extents[lab] for lab in labels - {label}), candidates)

    width = extent(tuple(extents[lab] for lab in others - set(spec.terms[at])), candidates)
    groups = step.context.grouping.groups(form)
    whole = {spec.terms[at][place] for place in form.present - {form.position}}
    blocks, pieces = dict[frozenset[int], int](), dict[frozenset[int], int]()
    lazy, met = 0.0, set[Tensor]()
    for kind, members in groups.members.items():
        if isinstance(kind, frozenset):
            own = frozenset(spec.terms[at][place] for place in kind)
            blocks[own] = blocks.get(own, 0) + groups.columns[kind]
            pieces[own] = pieces.get(own, 0) + len(members)
        else:
            part = form.parts[members[0]]
            lazy += sum(_operand_elements(term, met, candidates) for term in terms(part)) * width
    side_work = {own: extent_of(set(own) | others, columns) for own, columns in blocks.items()}
    many = max(side_work, key=lambda own: side_work[own]) if side_work else frozenset[int]()
    kept = extent_of(set(many), blocks.get(many, 0))
    work = SplitWork(
        whole=2 * extent_of(whole | others, len(form.part)),
        apart=2 * int(sum(side_work.values()) + lazy),
        copied=extent_of(whole, len(form.part)) - kept,
        kept=kept,
        is_joined=step.context.materializer.is_materialized(form),
        pieces=pieces.get(many, 0),
        products=len(blocks),
        picked=count_picked_runs(form, candidates),
        taking=sum(
            _taking_seconds(step, other, own.index(label))
            for i, own in enumerate(spec.terms)
            for other in [step.forms[i]]
            if i != at and other is not None and label in own and not is_weight(other)
        ),
    )
    return work.gain(step.context.prices)


def count_picked_runs(form: Blocks, candidates: int) -> int:
    """Return how many runs of elements are picked to join columns in their order."""
    dims = flat(form.axes)
    if not is_scattered(
        form.part, len(form.parts), dims[form.position + 1 :], len(column_runs(form))
    ):
        return 0
    return extent(tuple(dims[at] for at in form.present if at <= form.position), candidates)


def _taking_seconds(step: Step, form: Form, position: int) -> float:
    """Return the seconds in which all columns of a tensor are picked apart."""
    prices, dims = step.context.prices, flat(form.axes)
    elements = extent(tuple(dims[at] for at in form.present), step.context.candidates)
    inner = extent(tuple(dims[at] for at in form.present if at > position), step.context.candidates)
    move = elements * prices.move
    if inner < SHORT_RUN:  # turned first, then picked in long runs
        return 2 * move + int(dims[position]) * prices.pick
    return move + elements / inner * prices.pick


def _operand_elements(term: Term, met: set[Tensor], candidates: int) -> int:
    """Return the elements of a term's operands; of a candidate operand only when first met."""
    fresh = [atom for atom in as_product(term).operands if atom.tensor not in met]
    met.update(atom.tensor for atom in fresh if per_candidate(atom))
    return sum(
        extent(tuple(flat(atom.axes)[at] for at in atom.present), candidates) for atom in fresh
    )


@dataclass(frozen=True)
class Gain:
    """What a split saves and costs, in seconds per request."""

    saves: float
    costs: float

    @property
    def pays(self) -> bool:
        """True when the split is worth it."""
        return self.saves > self.costs

    def __str__(self) -> str:
        return f"saves {self.saves * 1e6:.1f} us, costs {self.costs * 1e6:.1f} us"


@dataclass(frozen=True, kw_only=True)
class SplitWork:
    """What a split of a product into one for each side takes away, and what it adds."""

    whole: int
    """FLOPs of the product as it is."""
    apart: int
    """FLOPs of the products of the sides."""
    products: int
    """How many they are."""
    copied: int
    """Elements of the columns that need not be joined any more."""
    kept: int
    """Elements of the larger side, which are joined still."""
    pieces: int
    """The parts of that side."""
    is_joined: bool
    """The columns are joined anyway, for another reader."""
    picked: int
    """Runs of elements that are picked to join the columns in their order."""
    taking: float
    """Seconds in which the columns of the other operands are picked apart."""

    def gain(self, prices: Prices) -> Gain:
        """Return the seconds that the split saves and costs."""
        saves = max(0, self.whole - self.apart) / prices.flops_per_second
        costs = (self.products - 1) * prices.node + self.taking
        if not self.is_joined:
            saves += self.copied * prices.move + self.picked * prices.pick
        elif self.pieces > 1:
            costs += prices.node + self.kept * prices.move
        return Gain(saves, costs)
