"""Confidence of each label: in conflict with the evidence, doubtful, or sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.views.palette import name_role
from mari_engine import Column, InputLabel, Labels, Role

BY_HAND = ("set by hand",)
_AGAINST = "but "
"""How evidence begins that speaks for the other side."""


class Standing(StrEnum):
    """How a label stands to the evidence, the worst first."""

    CONFLICT = "conflict"
    DOUBTFUL = "doubtful"
    SURE = "sure"
    BY_HAND = "by hand"


SIGNS = {
    Standing.CONFLICT: "! conflict",
    Standing.DOUBTFUL: "? doubtful",
    Standing.SURE: "✓ sure",
    Standing.BY_HAND: "✎ by hand",
}


@dataclass(frozen=True)
class Part:
    """What one row stands for: a whole input, or a range of its columns."""

    input: str
    at: int | None
    """The place among the input's columns; None for a whole input."""
    label: InputLabel | Column
    standing: Standing
    doubt: str = ""
    """What speaks against the label, in words; "" where nothing does."""

    @property
    def name(self) -> str:
        """The input's name, with the column's when there is one."""
        own = self.label.name if isinstance(self.label, Column) else ""
        return f"{self.input}/{own}" if own else self.input

    @property
    def role(self) -> Role:
        """The role; an input without one is taken per candidate."""
        return self.label.role or Role.ITEM


def list_parts(labels: Labels, proposals: Labels | None = None) -> list[Part]:
    """Return one part a row: conflicts, then doubtful ones, then role by role in model order.

    A label is in conflict when its own evidence speaks for both sides, or when the proposals are
    sure that it is on the other side.
    """
    known = proposals or Labels()
    parts = []
    for name, label in labels.inputs.items():
        parts += [_part(name, at, column, known) for at, column in enumerate(label.columns)]
        if not label.columns:
            parts.append(_part(name, None, label, known))
    return sorted(parts, key=_urgency)


def _urgency(part: Part) -> tuple[int, float, int]:
    """Return a key that sorts what needs a look to the front; edits do not change the order."""
    doubtful = part.standing in (Standing.CONFLICT, Standing.DOUBTFUL)
    standing = 0 if part.standing == Standing.CONFLICT else 1 if doubtful else 2
    return standing, part.label.confidence if doubtful else 1.0, list(Role).index(part.role)


def _part(name: str, at: int | None, label: InputLabel | Column, proposals: Labels) -> Part:
    against = _contradiction(name, label, proposals)
    if against and label.evidence != BY_HAND:
        return Part(name, at, label, Standing.CONFLICT, against)
    if label.evidence == BY_HAND:
        return Part(name, at, label, Standing.BY_HAND, against)
    sure = label.confidence >= 1
    return Part(name, at, label, Standing.SURE if sure else Standing.DOUBTFUL)


def _contradiction(name: str, label: InputLabel | Column, proposals: Labels) -> str:
    own = [text.removeprefix(_AGAINST) for text in label.evidence if text.startswith(_AGAINST)]
    if own:
        return own[0]
    request = label.role is not None and label.role.per_request
    for proposed in _proposed(name, label, proposals):
        role = proposed.role
        if role is not None and proposed.confidence >= 1 and role.per_request != request:
            why = f": {proposed.evidence[0]}" if proposed.evidence else ""
            return f"proposed as {name_role(role)}{why}"
    return ""


def _proposed(
    name: str, label: InputLabel | Column, proposals: Labels
) -> Iterator[InputLabel | Column]:
    """Yield what was proposed for the same columns."""
    whole = proposals.inputs.get(name)
    if whole is None:
        return
    if not whole.columns:
        yield whole
    for column in whole.columns:
        apart = isinstance(label, Column) and (
            column.stop <= label.start or label.stop <= column.start
        )
        if not apart:
            yield column
