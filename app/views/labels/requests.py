"""What logged requests do to labels: they settle open ones, and refute false ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from app.session import REQUEST, Label, is_person
from app.views.labels.doubts import MOST_NAMED, Part
from app.views.labels.edits import change_parts
from app.views.palette import name_role
from app.views.text import name_some, one_line, shorten
from mari_engine import Column, InputLabel, Labels, Role


def settle_by_requests(labels: Labels, learnt: Labels) -> Labels:
    """Return labels in which requests vouch for what they settle; people's answers stay.

    `learnt` are the proposals made with these requests.
    """
    return Labels(
        {
            name: _settled(label, learnt.inputs[name]) if name in learnt.inputs else label
            for name, label in labels.inputs.items()
        }
    )


def doubt_refuted(labels: Labels, refuted: Sequence[Part]) -> Labels:
    """Return labels in which refuted parts are in doubt, with the reason as their evidence."""
    return change_parts(
        labels,
        [
            (part, partial(replace, confidence=0.0, vouched="", evidence=(f"but {part.doubt}",)))
            for part in refuted
        ],
    )


def tell_unread(inputs: Sequence[str]) -> str:
    """Return that requests teach nothing of inputs whose candidates' axis is not known."""
    names = name_some([shorten(one_line(name), 40) for name in inputs], MOST_NAMED)
    return (
        f"The requests teach nothing of {names}: state along which axis the candidates "
        "lie, and they are read again."
    )


def tell_refuted(refuted: Sequence[Part], files: Sequence[str]) -> str:
    """Return which columns requests refute, and why, in one sentence."""
    alike: dict[tuple[str, str], list[str]] = {}
    for part in refuted:
        names = alike.setdefault((name_role(part.role), part.doubt), [])
        names.append(shorten(one_line(part.name), 60))
    told = [_tell_alike(names, *why) for why, names in list(alike.items())[:MOST_NAMED]]
    more = "; and others" if len(alike) > MOST_NAMED else ""
    return (
        f"The check is revoked: {'; '.join(told)}{more} ({shorten(', '.join(files), 60)})."
        " Nothing can be downloaded until these labels are answered and confirmed anew."
    )


def _tell_alike(names: Sequence[str], role: str, doubt: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is labelled {role}, but {doubt}"
    return f"{name_some(names, MOST_NAMED)} are labelled {role}, each wrongly: {doubt}"


def _settled(label: InputLabel, learnt: InputLabel) -> InputLabel:
    if not label.columns:
        if is_person(label.vouched):
            return label
        if any(column.vouched == REQUEST for column in learnt.columns):
            return replace(learnt, axis=label.axis, axis_evidence=label.axis_evidence)
        return _taken(label, learnt) if learnt.vouched == REQUEST else label
    pieces = [piece for column in label.columns for piece in _cut(column, learnt)]
    return replace(label, columns=tuple(pieces))


def _taken(part: Label, learnt: Column | InputLabel) -> Label:
    role = learnt.role or part.role
    return replace(
        part, role=role, confidence=learnt.confidence, evidence=learnt.evidence,
        vouched=learnt.vouched, volatile=part.volatile and role == Role.ITEM,
    )  # fmt: skip


def _cut(column: Column, learnt: InputLabel) -> Iterator[Column]:
    """Yield a column range in the pieces that requests settle, and what is left between them."""
    at = column.start
    if not is_person(column.vouched):
        for one in learnt.columns or (_taken(column, learnt),):
            start, stop = max(one.start, at), min(one.stop, column.stop)
            if one.vouched != REQUEST or start >= stop:
                continue
            if at < start:
                yield replace(column, start=at, stop=start)
            yield replace(_taken(column, one), start=start, stop=stop)
            at = stop
    if at < column.stop:
        yield replace(column, start=at)
