"""Vouchers: who or what says that a label is true, and what a person's answer writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from mari_engine import (
    EVIDENCE_VOUCHERS,
    FROM_GRAPH,
    CandidateAxis,
    Column,
    InputLabel,
    LabelError,
    Labels,
    Role,
)

ANSWERED = "a person"
"""Vouches for what was answered here, until whoever confirms gives a name."""
REQUEST = "request"
BY_HAND = ("set by hand",)
"""The evidence of a role that a person chose against the proposal."""
Label = TypeVar("Label", Column, InputLabel)


def is_person(vouched: str) -> bool:
    """Return True where a person vouches."""
    return bool(vouched) and vouched not in EVIDENCE_VOUCHERS


def answer(part: Label, role: Role) -> Label:
    """Return a label as a person answered it; its evidence stays where it spoke for this role."""
    evidence = part.evidence if role == part.role else BY_HAND
    volatile = part.volatile and role == Role.ITEM
    return replace(
        part, role=role, confidence=1.0, evidence=evidence, vouched=ANSWERED, volatile=volatile
    )


def name_answers(labels: Labels, by: str) -> Labels:
    """Return labels in which this person vouches for what nothing else vouches for.

    Raises LabelError for a name that is empty or no person's.
    """
    name = by.strip()
    if not name:
        raise LabelError("name: is empty; give yours, it is written as who vouches for the labels")
    if name.casefold() in (ANSWERED, *EVIDENCE_VOUCHERS):
        raise LabelError(f"name: {name!r} stands for something else in labels; give yours")

    def sign(part: Label) -> Label:
        return replace(part, vouched=name) if part.vouched in ("", ANSWERED) else part

    return _each(labels, sign, sign)


def bare(labels: Labels) -> Labels:
    """Return what a rewrite reads of labels: no evidence, no vouchers, and stated axes alone."""

    def strip(part: Label) -> Label:
        return replace(part, confidence=1.0, evidence=(), vouched="")

    read = _each(labels, strip, strip)
    return Labels(
        {
            name: replace(label, axis=FROM_GRAPH, axis_evidence=())
            if label.axis_evidence
            else label
            for name, label in read.inputs.items()
        }
    )


def state_axis(labels: Labels, name: str, axis: CandidateAxis) -> Labels:
    """Return labels in which a person states along which axis of an input candidates lie.

    `FROM_GRAPH` leaves it to the graph.
    """
    label = labels.inputs[name]
    columns = tuple(replace(column, axis=FROM_GRAPH) for column in label.columns)
    stated = replace(label, axis=axis, axis_evidence=(), columns=columns)
    return Labels({**labels.inputs, name: stated})


def count_vouchers(labels: Labels) -> dict[str, int]:
    """Return how many labels each vouches for: graph, requests and names, then people."""
    found = Counter(
        part.vouched for label in labels.inputs.values() for part in label.columns or (label,)
    )
    people = sorted(set(found) - set(EVIDENCE_VOUCHERS) - {""})
    return {one: found[one] for one in (*EVIDENCE_VOUCHERS, *people, "") if found[one]}


def _each(
    labels: Labels,
    column: Callable[[Column], Column],
    whole: Callable[[InputLabel], InputLabel],
) -> Labels:
    return Labels(
        {
            name: replace(label, columns=tuple(map(column, label.columns)))
            if label.columns
            else whole(label)
            for name, label in labels.inputs.items()
        }
    )
