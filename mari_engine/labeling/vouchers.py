"""Who or what vouches for each label: the graph, logged requests, a name, a person, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.labeling.logged_requests import DIFFERS
from mari_engine.labeling.proposal import propose_labels, role_at
from mari_engine.labeling.validation import check_answered, check_labels
from mari_engine.types import EVIDENCE_VOUCHERS, Column, InputLabel, Labels
from mari_engine.wording import LABELS_FILE, NOBODY, name_label


def list_vouchers(model: Model, labels: Labels) -> Mapping[str, tuple[str, ...]]:
    """Return the labels that each vouches for, by name: graph, request, name, then persons.

    A label without a voucher is the labels file's, one of less than full confidence nobody's. What
    graph or name vouched for is the labels file's, too, where somebody has changed the role since.
    """
    found: dict[str, list[str]] = {by: [] for by in EVIDENCE_VOUCHERS}
    for name, parts in _vouched_parts(model, labels).items():
        for part, by in parts:
            found.setdefault(by, []).append(name_label(name, part))
    ordered = sorted(found, key=lambda by: (by == NOBODY, by == LABELS_FILE))
    return {by: tuple(found[by]) for by in ordered if found[by]}


def vouch(model: Model, labels: Labels, person: str) -> Labels:
    """Return the labels with a person as the voucher of all that stands there by hand.

    What graph, requests or names vouch for, and what another person does, stays theirs. Raises
    LabelError, naming the input, for a label that is still in doubt, and where `person` is empty
    or one of the words that stand for evidence.
    """
    person = " ".join(person.split())
    if not person or person in (*EVIDENCE_VOUCHERS, NOBODY, LABELS_FILE):
        raise LabelError(f"{person or 'an empty name'} is not the name of a person; give one")
    check_labels(model, labels)
    check_answered(model, labels)
    inputs = {}
    for name, parts in _vouched_parts(model, labels).items():
        mine = [
            replace(part, vouched=person, confidence=1.0) if by == LABELS_FILE else part
            for part, by in parts
        ]
        columns = tuple(part for part in mine if isinstance(part, Column))
        whole = next((part for part in mine if isinstance(part, InputLabel)), labels.inputs[name])
        inputs[name] = replace(whole, columns=columns)
    return Labels(inputs)


def _vouched_parts(
    model: Model, labels: Labels
) -> Mapping[str, list[tuple[InputLabel | Column, str]]]:
    """Return each label, or its columns, with what vouches for it."""
    every = [part for label in labels.inputs.values() for part in label.columns or (label,)]
    unsure = any(part.confidence < 1 or part.vouched in EVIDENCE_VOUCHERS for part in every)
    proposed = propose_labels(model) if unsure else Labels()
    return {
        name: [
            (part, _voucher(part, proposed.inputs.get(name))) for part in label.columns or (label,)
        ]
        for name, label in labels.inputs.items()
    }


def _voucher(part: InputLabel | Column, proposed: InputLabel | None) -> str:
    if part.vouched and part.vouched not in EVIDENCE_VOUCHERS:
        return part.vouched
    start = part.start if isinstance(part, Column) else 0
    role = role_at(proposed, start) if proposed is not None else None
    if part.confidence < 1:
        return LABELS_FILE if role != part.role else NOBODY
    per_request = part.role is not None and part.role.per_request
    changed = role is not None and role.per_request != per_request
    if part.vouched == "request":  # which goes before graph and names only for the candidates
        changed = per_request and (changed or DIFFERS in part.evidence)
    return part.vouched if part.vouched and not changed else LABELS_FILE
