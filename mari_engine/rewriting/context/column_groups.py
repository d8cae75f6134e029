"""Ops distributed over blocks of columns: `op([u | i]) = [op(u) | op(i)]`.

An op that treats each column alone is applied once to the columns of each side, so that those of
the request stay compact along the candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mari_engine.axes import Axes, AxisLabels, Index, flat, with_extent
from mari_engine.rewriting.context.step import Step
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Form,
    Whole,
    as_whole,
    column_places,
    joint_name,
)

Apply = Callable[[Step, Sequence[Form | None], Axes], Form]


def distribute(
    step: Step,
    forms: Sequence[Form | None],
    places: Sequence[int | None],
    result_place: int,
    apply: Apply,
) -> Form:
    """Return blocks with one part for each group of columns: what `apply` makes of that group.

    A group holds the columns that are of the same kind in every operand.

    `places` gives for each form the position of the columns, None where it lacks them; blocks
    are so along that position. `result_place` is the columns' position in the result.
    """
    grouping, algebra = step.context.grouping, step.context.columns
    laid = zip(forms, places, strict=True)
    blocks = [form for form, at in laid if at is not None and isinstance(form, Blocks)]
    groups = list(grouping.columns_by_kinds(blocks).values())
    part, column = column_places(groups, int(flat(step.result)[result_place]))
    parts = list[Whole]()
    for columns in groups:
        taken = [
            form if form is None or place is None
            else grouping.of_one_kind(form, columns) if isinstance(form, Blocks)
            else algebra.take(form, place, columns)
            for form, place in zip(forms, places, strict=True)
        ]  # fmt: skip
        axes = with_extent(step.result, result_place, len(columns))
        parts.append(as_whole(apply(step, taken, axes)))
    named = next((form for form in blocks if form.names), None)
    names = (step.node.name or "",) * len(parts)
    if named is not None:
        names = tuple(
            joint_name([named.names[p] for p in np.unique(named.part[c])]) for c in groups
        )
    return algebra.simplify(Blocks(step.result, result_place, tuple(parts), part, column, names))


def with_sides(blocks: Blocks, axes: Axes, parts: Sequence[tuple[Index, Whole]]) -> Blocks:
    """Return blocks of these parts under the given axes, each with its logical columns.

    They are named after the parts of `blocks`, the same columns before.
    """
    part, column = column_places([columns for columns, _ in parts], len(blocks.part))
    names = list[str]()
    for columns, _ in parts:
        members = np.unique(blocks.part[columns])
        names.append(joint_name([blocks.names[p] for p in members]) if blocks.names else "")
    made = tuple(whole for _, whole in parts)
    return Blocks(axes, blocks.position, made, part, column, tuple(names))


def find_passing_columns(
    step: Step, terms: Sequence[AxisLabels | None], output: AxisLabels, mixed: frozenset[int]
) -> tuple[int, list[int | None]] | None:
    """Return where the result's and the operands' columns are, if the op distributes over them.

    It does when the parts of one operand differ along a label that passes through the op unmixed,
    and all other operands that have the label are constants, which can be sliced for nothing.
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
    if not _sides_stay_apart(step, form, terms, output):
        return None
    return output.index(label), [*places, *[None] * (len(step.forms) - len(places))]


def _sides_stay_apart(
    step: Step, form: Blocks, terms: Sequence[AxisLabels | None], output: AxisLabels
) -> bool:
    """Return True when some columns of the result then lack a factor that others have."""
    others, own = set[int](), list[set[int]]()
    for other, labels in zip(step.forms, terms, strict=False):
        if other is form and labels is not None:
            own = [{labels[at] for at in side} for side in form.sides]
        elif other is not None and labels is not None:
            others |= {labels[at] for at in other.present}
    wanted = set(output)
    return len({frozenset((side | others) & wanted) for side in own}) > 1
