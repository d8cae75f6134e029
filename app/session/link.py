"""What the address of a page says of a session's work, so that a link leads back to it.

A link names a sample or a file on the server and the choices made for it; labels by their digest
only, and contents never: an upload or labels edited by hand travel in a session file. What else an
address holds belongs to the page's own widgets (`bind="query-params"`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import mari_engine as mari
from app.session.choices import CONTRACTS, Options
from app.session.vouchers import state_axis
from app.session.work import Work
from mari_engine import CandidateAxis

OWN = (
    "sample",
    "path",
    "free",
    "sha256",
    "labels",
    "confirmed",
    "person",
    "axis",
    "contract",
    "expect",
    "leave",
)
"""The parameters that this module speaks of; no widget may have one of them as its key."""
DIGITS = 16
"""Of a digest, as much as tells one file from another."""
LONGEST_VALUE = 1000
LONGEST_LINK = 1800
"""Characters; longer addresses are cut short on their way."""
MOST_LEFT_ALONE = 64

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Link:
    """What a link asks for."""

    sample: str = ""
    path: str = ""
    """A file on the server's disk."""
    free_batch: bool = False
    """True where the number of rows that the file fixes is let vary."""
    sha256: str = ""
    """The first digits of the model's SHA-256."""
    labels: str = ""
    """The first digits of the labels' digest."""
    confirmed: bool = False
    by: str = ""
    """Who confirmed."""
    axes: tuple[tuple[str, CandidateAxis], ...] = ()
    """Axes of inputs along which people said that candidates lie."""
    options: Options = field(default_factory=Options)

    def __bool__(self) -> bool:
        return bool(self.sample or self.path)


def make_link(work: Work) -> Link:
    """Return the link to a session's work; one that asks for nothing where none leads there."""
    opened = work.opened
    if opened is None or work.labels is None or not (opened.sample or opened.server_path):
        return Link()
    link = Link(
        sample=opened.sample,
        path="" if opened.sample else opened.server_path,
        free_batch=opened.free_batch,
        sha256=opened.model.sha256[:DIGITS],
        labels=digest_labels(opened.model, work.labels),
        confirmed=work.confirmed is not None,
        by=work.confirmed_by,
        axes=tuple(
            (name, label.stated_axis)
            for name, label in work.labels.inputs.items()
            if label.stated_axis != mari.FROM_GRAPH
        ),
        options=work.options if work.confirmed is not None else Options(),
    )
    long = sum(len(text) for texts in write_link(link).values() for text in texts)
    return (
        link if long <= LONGEST_LINK else replace(link, confirmed=False, by="", options=Options())
    )


def explain_lack(work: Work, proposals: mari.Labels | None) -> str:
    """Return what a link to this work does not lead back to, or ""."""
    opened = work.opened
    if opened is None or work.labels is None:
        return ""
    if not make_link(work):
        return "An uploaded model is in no link. Save a session file instead."
    digest = digest_labels(opened.model, work.labels)
    known = [
        one
        for one in (opened.labels, proposals)
        if one is not None and digest_labels(opened.model, one) == digest
    ]
    if not known:
        return "Labels that were edited here are in no link. Save a session file instead."
    if work.labels.confidence == 1 and all(one.confidence < 1 for one in known):
        return "Answers that were given here are in no link. Save a session file instead."
    return ""


def digest_labels(model: mari.Model, labels: mari.Labels) -> str:
    """Return what tells labels apart in a link, which names stated axes by themselves."""
    for name in labels.inputs:
        if labels.inputs[name].stated_axis != mari.FROM_GRAPH:
            labels = state_axis(labels, name, mari.FROM_GRAPH)
    return mari.digest_sections(model.sha256, labels)[mari.Section.LABELS][:DIGITS]


def write_link(link: Link) -> dict[str, list[str]]:
    """Return the parameters of a link, without those that say nothing."""
    options, usual = link.options, Options()
    found = {
        "sample": [link.sample],
        "path": [link.path],
        "free": ["batch" if link.free_batch else ""],
        "sha256": [link.sha256],
        "labels": [link.labels],
        "confirmed": ["1" if link.confirmed else ""],
        "person": [link.by],
        "axis": [f"{name}:{'none' if axis is None else axis}" for name, axis in link.axes],
        "contract": ["" if options.signature == usual.signature else str(options.signature)],
        "expect": ["" if options.candidates == usual.candidates else str(options.candidates)],
        "leave": list(options.keep),
    }
    return {name: texts for name, texts in found.items() if any(texts)}


def read_link(parameters: Parameters) -> Link:
    """Return the link that an address is; what is malformed in it counts as not said."""

    def one(name: str) -> str:
        texts = parameters.get(name, ())
        return texts[-1] if texts and len(texts[-1]) <= LONGEST_VALUE else ""

    contract, expected = one("contract"), one("expect")
    usual = Options()
    known = contract in set(CONTRACTS)
    counted = expected.isascii() and expected.isdecimal() and 0 < len(expected) <= 6
    return Link(
        sample=one("sample"),
        path=one("path"),
        free_batch=one("free") == "batch",
        sha256=one("sha256"),
        labels=one("labels"),
        confirmed=one("confirmed") == "1",
        by=one("person"),
        axes=_read_axes(parameters.get("axis", ())),
        options=Options(
            mari.Signature(contract) if known else usual.signature,
            max(1, int(expected)) if counted else usual.candidates,
            tuple(parameters.get("leave", ()))[:MOST_LEFT_ALONE],
        ),
    )


def _read_axes(texts: Sequence[str]) -> tuple[tuple[str, CandidateAxis], ...]:
    found = []
    for text in texts[:MOST_LEFT_ALONE]:
        name, _, axis = text.rpartition(":")
        if name and (axis == "none" or (axis.isascii() and axis.isdecimal() and len(axis) <= 2)):
            found.append((name, None if axis == "none" else int(axis)))
    return tuple(found)
