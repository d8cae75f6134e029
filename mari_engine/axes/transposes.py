"""Transposes planned as steps of permutes and reshapes that runtimes do fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mari_engine.axes.dims import Dim
from mari_engine.axes.layouts import Layout, moves_one


@dataclass(frozen=True)
class Permute:
    """Bring a tensor's dimensions into another order."""

    order: tuple[int, ...]


@dataclass(frozen=True)
class Regroup:
    """Reshape a tensor, its elements in their order, to these groups of labels."""

    groups: Layout


TransposePlan = tuple[Permute | Regroup, ...]


def plan_transpose(
    groups: Layout, order: Sequence[int], extents: Mapping[int, Dim]
) -> tuple[TransposePlan, Layout]:
    """Return the steps that bring a tensor's dimensions into another order, and its groups then.

    A large tensor whose last dimension moves together with others is permuted outside first, in
    long runs, then inside, as a stack of matrices `[B, M, N] -> [B, N, M]`: runtimes are slow to
    do both at once, and without the reshape between the two onnxruntime would make them one again.
    """
    last = len(order) - 1
    inside = order[last] != last and not moves_one(order)
    large = any(isinstance(extents[label], str) for group in groups for label in group)
    if not (inside and large):
        return (Permute(tuple(order)),), tuple(groups[at] for at in order)
    place, front = list(order).index(last), [at for at in order if at != last]
    before, behind = (
        tuple(label for at in part for label in groups[at])
        for part in (front[:place], front[place:])
    )
    stack = tuple(group for group in (before, behind, groups[last]) if group)
    steps = (
        Permute((*front, last)),
        Regroup(stack),
        Permute((0, 2, 1) if before else (1, 0)),
    )
    return steps, tuple(group for group in (before, groups[last], behind) if group)
