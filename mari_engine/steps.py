"""One step of the rewrite: a node, its declaration, its operands' forms, and the tools at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx_ir as ir

from mari_engine.algebra import Algebra
from mari_engine.costing import Prices
from mari_engine.emitting import Emitter
from mari_engine.factors import Labels, Spec
from mari_engine.forms import (
    Atom,
    Blocks,
    Form,
    Tensor,
    Whole,
    as_whole,
    with_extent,
)
from mari_engine.grouping import Grouping, called
from mari_engine.ledger import Ledger
from mari_engine.lookahead import Meeting
from mari_engine.reasons import needs_whole
from mari_engine.settling import Settling
from mari_engine.sizes import Axes, flat


@dataclass(frozen=True)
class Strategy:
    """How far a rewrite goes: MaRI itself, and the arms that a benchmark compares it with."""

    split: bool = True
    """Split products behind joins; otherwise the user side only runs once (one-shot)."""
    neat: bool = True
    """One product per side; otherwise one per fragment."""
    fold: bool = True
    """Fold request-side tensors into per-request weights."""


@dataclass(frozen=True, eq=False)
class Shop:
    """The tools that every step shares."""

    emitter: Emitter
    settling: Settling
    ledger: Ledger
    prices: Prices
    strategy: Strategy
    candidates: int
    native: Callable[[ir.Value], ir.Value]
    """Returns an original value in full, in its own layout, in the new graph."""

    @cached_property
    def grouping(self) -> Grouping:
        """Which parts of joined columns go together."""
        return Grouping(self.settling)

    @property
    def algebra(self) -> Algebra:
        """The algebra of forms."""
        return self.settling.algebra


@dataclass(frozen=True, eq=False)
class Step:
    """A node about to be rewritten; `forms` follow its inputs, under the declared axes."""

    node: ir.Node
    spec: Spec
    forms: tuple[Form | None, ...]
    shop: Shop
    waits: bool = False
    """The result is read by linear ops only, and need not be computed before a product does."""
    worth: float = 0.0
    """FLOPs that products with weights spend on each element of the result."""
    meetings: Callable[[int], list[Meeting]] = lambda position: []
    """Returns where columns along a position of the result are put together."""

    @property
    def result(self) -> Axes:
        """The axes of the first result."""
        return self.spec.results[0]

    @property
    def why(self) -> str:
        """Why this node needs joined columns, in words."""
        return needs_whole(self.node, self.spec)

    def atom(self, index: int) -> Atom:
        """Return an operand as a tensor."""
        form = self.forms[index]
        assert form is not None
        return self.shop.settling.settle(form, self.why)

    def tensor(self, index: int) -> Tensor | None:
        """Return an operand that is not described by the declaration, as the node got it."""
        value = self.node.inputs[index]
        return None if value is None else self.shop.native(value)


Apply = Callable[[Step, Sequence[Form | None], Axes], Form]


def distributed(
    step: Step,
    forms: Sequence[Form | None],
    places: Sequence[int | None],
    result_place: int,
    apply: Apply,
) -> Form:
    """Return the blocks of what `apply` makes of each group of columns.

    `places` gives for each form the position of the columns, None where it lacks them; blocks
    are so along that position. `result_place` is the columns' position in the result.
    """
    grouping, algebra = step.shop.grouping, step.shop.algebra
    blocks = [form for form in forms if isinstance(form, Blocks)]
    groups = list(grouping.alike(blocks).values())
    width = int(flat(step.result)[result_place])
    part, column = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    parts = list[Whole]()
    for at, columns in enumerate(groups):
        part[columns], column[columns] = at, np.arange(len(columns))
        taken = [
            grouping.of_one_kind(form, columns) if isinstance(form, Blocks)
            else form if form is None or place is None
            else algebra.take(form, place, columns)
            for form, place in zip(forms, places, strict=True)
        ]  # fmt: skip
        axes = with_extent(step.result, result_place, len(columns))
        parts.append(as_whole(apply(step, taken, axes)))
    named = next((form for form in blocks if form.names), None)
    names = (step.node.name or "",) * len(parts)
    if named is not None:
        names = tuple(called([named.names[p] for p in np.unique(named.part[c])]) for c in groups)
    return algebra.blocks(Blocks(step.result, result_place, tuple(parts), part, column, names))


def columns_apart(
    step: Step, terms: Sequence[Labels | None], output: Labels, mixed: frozenset[int]
) -> tuple[int, list[int | None]] | None:
    """Return where the result's and the operands' columns are, if the op can work on them apart.

    That is so when one operand's parts differ along a label that the op leaves alone, and all
    other operands that have the label are constants.
    """
    found = [at for at, form in enumerate(step.forms) if isinstance(form, Blocks) and form.mixed]
    if len(found) != 1 or found[0] >= len(terms):
        return None
    form, own = step.forms[found[0]], terms[found[0]]
    assert isinstance(form, Blocks)
    if own is None or own[form.position] in mixed or own[form.position] not in output:
        return None
    label = own[form.position]
    places: list[int | None] = [
        labels.index(label) if labels and label in labels else None for labels in terms
    ]
    for at, place in enumerate(places):
        other = step.forms[at]
        movable = isinstance(other, Atom) and other.constant is not None
        if place is not None and at != found[0] and not movable:
            return None
    if not _worth_apart(step, form, terms, output):
        return None
    return output.index(label), [*places, *[None] * (len(step.forms) - len(places))]


def _worth_apart(step: Step, form: Blocks, terms: Sequence[Labels | None], output: Labels) -> bool:
    """Return True when some columns of the result then lack a factor that others have."""
    others, own = set[int](), list[set[int]]()
    for other, labels in zip(step.forms, terms, strict=False):
        if other is form and labels is not None:
            own = [{labels[at] for at in side} for side in form.sides]
        elif other is not None and labels is not None:
            others |= {labels[at] for at in other.present}
    wanted = set(output)
    return len({frozenset((side | others) & wanted) for side in own}) > 1
