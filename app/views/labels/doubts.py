"""Standing of each label: in conflict with the evidence, doubtful, sure, or answered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.session import REQUEST, is_person
from app.views.palette import name_role
from app.views.text import count, name_some, shorten
from mari_engine import Column, InputLabel, Labels, Role

_AGAINST = "but "
"""How evidence begins that speaks for the other side."""
MOST_NAMED = 3


class Standing(StrEnum):
    """How a label stands to the evidence, the worst first."""

    CONFLICT = "conflict"
    DOUBTFUL = "doubtful"
    SURE = "sure"
    ANSWERED = "answered"


SIGNS = {
    Standing.CONFLICT: "! conflict",
    Standing.DOUBTFUL: "? doubtful",
    Standing.SURE: "✓ sure",
    Standing.ANSWERED: "✎ answered",
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
    refuted: bool = False
    """A logged request shows that the label is wrong; only another role answers it."""

    @property
    def name(self) -> str:
        """The input's name, with the column's when there is one."""
        own = self.label.name if isinstance(self.label, Column) else ""
        return f"{self.input}/{own}" if own else self.input

    @property
    def role(self) -> Role:
        """The role; an input without one is taken per candidate."""
        return self.label.role or Role.ITEM

    @property
    def open(self) -> bool:
        """True where a person or a request has to answer before anything goes on."""
        return self.standing in (Standing.CONFLICT, Standing.DOUBTFUL)


def list_parts(labels: Labels, proposals: Labels | None = None) -> list[Part]:
    """Return one part a row: conflicts, then doubtful ones, then role by role in model order.

    A label is in conflict when its own evidence speaks for both sides, or when the proposals are
    sure that it is on the other side. What a person answered is in conflict with requests only.
    """
    known = proposals or Labels()
    parts = []
    for name, label in labels.inputs.items():
        proposed = _Proposed(known.inputs.get(name))
        parts += [_part(name, at, column, proposed) for at, column in enumerate(label.columns)]
        if not label.columns:
            parts.append(_part(name, None, label, proposed))
    return sorted(parts, key=_urgency)


def name_open(parts: Collection[Part]) -> str:
    """Return how many rows are left to answer, and which come first; "" for none."""
    left = [part for part in parts if part.open]
    if not left:
        return ""
    names = name_some([shorten(part.name, 40) for part in left], MOST_NAMED)
    verb = "is" if len(left) == 1 else "are"
    return f"{count(len(left), 'row')} {verb} left to answer: {names}."


def lacks_candidates(labels: Labels) -> bool:
    """Return True where every input is the request's, so that all candidates get one score."""
    return bool(labels.inputs) and not any(one.per_candidate for one in labels.inputs.values())


def explain_lack_of_candidates(labels: Labels) -> str:
    """Return why labels without an input per candidate are not taken; "" where people said so."""
    parts = [part for label in labels.inputs.values() for part in label.columns or (label,)]
    if not lacks_candidates(labels) or all(
        is_person(part.vouched) or not part.vouched for part in parts
    ):
        return ""
    return (
        "By names and graph every input is the request's, so that all candidates would get one"
        " score. Set what differs among candidates to item or cross; or, if this is a user tower,"
        " select all rows and answer them yourself."
    )


class _Proposed:
    """What was proposed for one input, found by columns."""

    def __init__(self, label: InputLabel | None) -> None:
        self.label = label
        self._columns: Sequence[Column] = ()
        if label is not None:
            self._columns = sorted(label.columns, key=lambda column: column.start)
        self._starts = [column.start for column in self._columns]

    def overlap(self, label: InputLabel | Column) -> Iterator[InputLabel | Column]:
        """Yield what was proposed for the same columns."""
        if self.label is None:
            return
        if not self._columns:
            yield self.label
        elif not isinstance(label, Column):
            yield from self._columns
        else:
            first = max(0, bisect_right(self._starts, label.start) - 1)
            for column in self._columns[first:]:
                if column.start >= label.stop:
                    return
                if column.stop > label.start:
                    yield column


def _urgency(part: Part) -> tuple[int, float, int]:
    """Return a key that sorts what needs a look to the front."""
    standing = 0 if part.standing == Standing.CONFLICT else 1 if part.open else 2
    return standing, part.label.confidence if part.open else 1.0, list(Role).index(part.role)


def _part(name: str, at: int | None, label: InputLabel | Column, proposed: _Proposed) -> Part:
    refuted = _refutation(label, proposed)
    if refuted:
        return Part(name, at, label, Standing.CONFLICT, refuted, refuted=True)
    against = _contradiction(label, proposed)
    if is_person(label.vouched):
        return Part(name, at, label, Standing.ANSWERED, against)
    if against and label.vouched != REQUEST:
        return Part(name, at, label, Standing.CONFLICT, against)
    sure = label.confidence >= 1
    return Part(name, at, label, Standing.SURE if sure else Standing.DOUBTFUL)


def _refutation(label: InputLabel | Column, proposed: _Proposed) -> str:
    """Return why requests refute a label that is the request's; "" where none does."""
    if label.role is None or not label.role.per_request:
        return ""
    for one in proposed.overlap(label):
        if one.vouched == REQUEST and one.role is not None and not one.role.per_request:
            return _place(one) + (one.evidence[0] if one.evidence else "a request differs")
    return ""


def _place(part: InputLabel | Column) -> str:
    if not isinstance(part, Column):
        return ""
    last = part.stop - 1
    return f"column {part.start}: " if part.start == last else f"columns {part.start} to {last}: "


def _contradiction(label: InputLabel | Column, proposed: _Proposed) -> str:
    own = [text.removeprefix(_AGAINST) for text in label.evidence if text.startswith(_AGAINST)]
    if own and label.confidence < 1:
        return own[0]
    request = label.role is not None and label.role.per_request
    for one in proposed.overlap(label):
        role = one.role
        if role is not None and one.confidence >= 1 and role.per_request != request:
            why = f": {one.evidence[0]}" if one.evidence else ""
            return f"proposed as {name_role(role)}{why}"
    return ""
