"""A session file: the whole work, to be taken up again later or by somebody else.

It names the model by its SHA-256 and where it came from, and holds labels with their history,
choices, certificate, benchmarks, the review, and the page with its filters: plain JSON, bounded in
size, closed by a digest of all of it. A digest is no signature: what a file claims to have been
checked is checked again when the work is taken up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import mari_engine as mari
from app.session.choices import Opened, Options
from app.session.runs import MOST_RUNS, Run, read_options, read_run, write_options
from app.session.work import Work

VERSION = 1
LARGEST_FILE = 64 << 20
"""Bytes."""
MOST_HISTORY = 20
MOST_BENCHMARKS = 8
MOST_LOADS = 8
MOST_PARAMETERS = 64
LONGEST_TEXT = 2000
MOST_REQUESTS = 64
_FIELDS = {
    "version", "kind", "tool", "saved", "model", "labels", "history", "confirmed", "options",
    "certificate", "benchmarks", "review", "reviewer", "page", "address", "digest",
}  # fmt: skip
_LATER = {"confirmed_by", "chosen", "requests", "runs", "loads"}
"""Fields that older files lack."""
_KIND = "mari-session"


class SessionError(mari.MariError):
    """A session file cannot be taken up; one line says why and what to do."""


_DOCUMENT = mari.JsonDocument(SessionError, "save it again")


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a session file holds."""

    tool: str
    """The version that saved it."""
    saved: str
    """The day."""
    name: str
    sha256: str
    sample: str
    path: str
    """Where the model lay on the server; empty for uploads."""
    free_batch: bool
    """True where the number of rows that the model's file fixes was let vary."""
    labels: mari.Labels
    history: tuple[mari.Labels, ...]
    confirmed: bool
    confirmed_by: str
    options: Options
    chosen: Options
    """What was chosen by then, confirmed or not."""
    requests: tuple[str, ...]
    """Names of the logged requests that were at hand; the files are not in it."""
    runs: tuple[Run, ...]
    certificate: Mapping[str, Any] | None
    """What certificate.json held, as claimed."""
    benchmarks: tuple[mari.BenchmarkResult, ...]
    loads: tuple[mari.LoadResult, ...]
    review: mari.Review
    reviewer: str
    page: str
    address: Mapping[str, Sequence[str]]


def write_session(work: Work, *, page: str, address: Mapping[str, Sequence[str]]) -> bytes:
    """Return the session file of this work, shown at this page; SessionError without a model."""
    opened, labels = work.opened, work.labels
    if opened is None or labels is None:
        raise SessionError("session: there is no model to save; open one first")
    plain = mari.to_plain(_describe(work, opened, labels, page, address))
    text = json.dumps(plain | {"digest": mari.digest_document(plain)}, indent=1, allow_nan=False)
    return (text + "\n").encode()


def _describe(
    work: Work, opened: Opened, labels: mari.Labels, page: str, address: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    result = work.result
    return {
        "version": VERSION,
        "kind": _KIND,
        "tool": mari.describe_versions()["mari_engine"],
        "saved": date.today().isoformat(),
        "model": {
            "name": opened.model.name,
            "sha256": opened.model.sha256,
            "sample": opened.sample,
            "path": opened.server_path,
            "free_batch": opened.free_batch,
        },
        "labels": labels.to_json(),
        "history": [earlier.to_json() for earlier in work.history[-MOST_HISTORY:]],
        "confirmed": work.confirmed is not None,
        "confirmed_by": work.confirmed_by,
        "options": write_options(work.options),
        "chosen": write_options(work.chosen),
        "requests": [path.name for path in work.requests[:MOST_REQUESTS]],
        "runs": [run.to_json() for run in work.runs],
        "certificate": None if result is None else result.certificate.to_json(),
        "benchmarks": [one.to_json() for one in work.benchmarks[:MOST_BENCHMARKS]],
        "loads": [one.to_json() for one in work.loads.all[:MOST_LOADS]],
        "review": (work.review or mari.Review(opened.model.sha256)).to_json(),
        "reviewer": work.reviewer,
        "page": page,
        "address": {name: list(texts) for name, texts in address.items()},
    }


def read_session(data: bytes) -> Session:
    """Return what a session file holds; SessionError in one line for everything malformed."""
    if len(data) > LARGEST_FILE:
        raise SessionError(f"session: larger than {LARGEST_FILE >> 20} MiB; not a session file")
    try:
        top = mari.parse_json(data)
    except mari.JsonError as error:
        raise SessionError("session: is not JSON; give a file that 'Save session' made") from error
    if not isinstance(top, dict) or top.get("kind") != _KIND:
        raise SessionError("session: is another kind of file; give one that 'Save session' made")
    if top.get("version") != VERSION:
        raise SessionError(
            f"session: version is {str(top.get('version'))[:20]!r}, and this app reads {VERSION};"
            " open it with the app that saved it"
        )
    if set(top) - _LATER != _FIELDS:
        strange = sorted((set(top) - _LATER) ^ _FIELDS)[0]
        raise SessionError(f"session: field {strange[:40]!r} is missing or unknown; save it again")
    if top.pop("digest") != mari.digest_document(top):
        raise SessionError("session: was changed after it was saved; give the file as it was saved")
    return _read(mari.JsonObject(top, "session", _DOCUMENT))


def _read(top: mari.JsonObject) -> Session:
    model = top.nested("model", "session: model")
    history = top.items("history", most=MOST_HISTORY)
    benchmarks = top.items("benchmarks", most=MOST_BENCHMARKS)
    options = read_options(top.nested("options", "session: options"))
    runs = top.items("runs", (), most=MOST_RUNS)
    chosen = "chosen" if "chosen" in top.fields else "options"
    session = Session(
        tool=_text(top, "tool"),
        saved=_text(top, "saved"),
        name=_text(model, "name"),
        sha256=_text(model, "sha256"),
        sample=_text(model, "sample"),
        path=_text(model, "path"),
        free_batch=model.flag("free_batch", False),
        labels=mari.Labels.from_json(top.fields["labels"]),
        history=tuple(mari.Labels.from_json(earlier) for earlier in history),
        confirmed=top.flag("confirmed"),
        confirmed_by=top.text("confirmed_by", "", longest=LONGEST_TEXT),
        options=options,
        chosen=read_options(top.nested(chosen, f"session: {chosen}")),
        requests=_names(top, "requests"),
        runs=tuple(read_run(top.entry(run, f"session: run {at}")) for at, run in enumerate(runs)),
        certificate=_certificate(top),
        benchmarks=tuple(mari.BenchmarkResult.from_json(one) for one in benchmarks),
        loads=tuple(
            mari.LoadResult.from_json(one, sealed=True)
            for one in top.items("loads", (), most=MOST_LOADS)
        ),
        review=mari.Review.from_json(top.fields["review"]),
        reviewer=_text(top, "reviewer"),
        page=_text(top, "page"),
        address=_address(top.nested("address", "session: address")),
    )
    if session.review.model != session.sha256:
        raise SessionError("session: its review is about another model; save it again")
    return session


def _certificate(top: mari.JsonObject) -> Mapping[str, Any] | None:
    found = top.fields["certificate"]
    if found is not None and not isinstance(found, Mapping):
        raise top.wrong("'certificate' must be an object")
    return found


def _names(top: mari.JsonObject, field: str) -> tuple[str, ...]:
    names = top.items(field, (), most=MOST_REQUESTS)
    if not all(isinstance(name, str) and len(name) <= LONGEST_TEXT for name in names):
        raise top.wrong(f"{field!r} must be names")
    return tuple(names)


def _address(entry: mari.JsonObject) -> dict[str, list[str]]:
    found = {}
    for name in list(entry.fields)[:MOST_PARAMETERS]:
        texts = entry.items(name, most=MOST_PARAMETERS)
        if all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts):
            found[name] = texts
    return found


def _text(entry: mari.JsonObject, name: str) -> str:
    return entry.text(name, longest=LONGEST_TEXT)
