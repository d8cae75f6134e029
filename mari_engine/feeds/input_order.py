"""Input order: which feature fills which columns of each input of an optimized model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mari_engine.types import Column, InputBinding, InputLabel, Interface, Labels, Role


@dataclass(frozen=True)
class InputSlot:
    """Adjacent columns of an optimized input, filled by adjacent columns of one feature."""

    binding: InputBinding
    first: int
    """The first column in the optimized input."""
    columns: int | None
    """How many; None for an input that is taken whole and holds one feature."""
    taken: int
    """The first column in the original input."""
    feature: str
    role: Role | None
    """None for columns that no label names."""


def list_slots(interface: Interface, labels: Labels) -> tuple[InputSlot, ...]:
    """Return the slots of all inputs, in the order in which they are filled.

    A packed input `[N, K]` has a slot for each run of columns that one feature fills in the
    original's own order; an input that is taken whole and holds one feature has one slot. The
    index of a batch holds no feature.
    """
    return tuple(
        slot
        for binding in interface.inputs
        if binding.index is None
        for slot in _slots(binding, labels.inputs.get(binding.source, InputLabel()))
    )


def _slots(binding: InputBinding, label: InputLabel) -> list[InputSlot]:
    if not label.columns and binding.columns is None:
        return [InputSlot(binding, 0, None, 0, binding.source, label.role)]
    owners = _owners(label.columns)
    taken = binding.columns if binding.columns is not None else sorted(owners)
    runs = groupby(enumerate(taken), key=lambda pair: (pair[1] - pair[0], owners.get(pair[1])))
    found = []
    for (_, owner), run in runs:
        places = list(run)
        feature = owner.name if owner is not None else ""
        role = owner.role if owner is not None else label.role
        first, source = places[0]
        found.append(
            InputSlot(binding, first, len(places), source, feature or binding.source, role)
        )
    return found


def _owners(columns: Sequence[Column]) -> dict[int, Column]:
    return {at: column for column in columns for at in range(column.start, column.stop)}
