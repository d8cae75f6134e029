"""Restoring: a link or a session file -> the work that it names."""

from __future__ import annotations

import mari_engine as mari
from app.services import engine_cache
from app.services.confirmation import confirm_labels
from app.services.model_sources import free_batch, open_path, open_sample, server_files
from app.session import (
    Link,
    Opened,
    Options,
    Session,
    SessionError,
    Work,
    digest_labels,
    state_axis,
)
from app.views.labels import list_parts, name_open
from app.views.text import name_some, one_line, shorten

MOST_NAMED = 3


def follow_link(work: Work, link: Link) -> None:
    """Open what a link names, with its labels and choices; `work.notice` says what is not so."""
    try:
        opened = open_sample(link.sample) if link.sample else open_path(link.path, server_files())
        opened = free_batch(opened) if link.free_batch else opened
    except mari.MariError as error:
        work.notice = f"The link leads nowhere: {error}"
        return
    work.open(opened, engine_cache.propose(opened))
    if link.sha256 and not opened.model.sha256.startswith(link.sha256):
        work.notice = (
            f"The link was made for another file of this name; {opened.model.name} has changed"
            " since. Labels and choices start anew."
        )
        return
    for labels in (opened.labels, work.labels):
        if labels is not None and digest_labels(opened.model, labels) == link.labels:
            for name, axis in link.axes:
                if name in labels.inputs:
                    labels = state_axis(labels, name, axis)
            work.relabel(labels)
            if link.confirmed:
                _confirm_again(work, link.options, by=link.by, place="link")
            return
    if link.labels:
        work.notice = (
            "The link's labels were edited by hand, and a link does not hold them: ask for the"
            " session file. These are the proposals."
        )


def find_model(session: Session) -> Opened | None:
    """Return the session's model where it lay; None where it is not, or is another file by now."""
    try:
        if session.sample:
            opened = open_sample(session.sample)
        elif session.path:
            opened = open_path(session.path, server_files())
        else:
            return None
    except mari.MariError:
        return None
    return opened if opened.model.sha256 == session.sha256 else None


def take_up(work: Work, session: Session, opened: Opened, *, token: str = "") -> None:
    """Make this the session's work; what was checked then is checked again.

    With a token, it is the work that was kept under that, and goes on under it.

    The model file is told by its SHA-256; its external data are not read, and the check says
    whether they still are what they were. Raises MariError, and changes nothing, where the model
    is another one or the labels do not fit it.
    """
    if opened.model.sha256 != session.sha256:
        raise SessionError(
            f"{opened.model.name}: is another model (SHA-256 {opened.model.sha256[:12]}) than the"
            f" session's {session.name} ({session.sha256[:12]}); open that one"
        )
    if session.free_batch and not opened.free_batch:
        opened = free_batch(opened)
    mari.check_labels(opened.model, session.labels)
    work.open(opened, engine_cache.propose(opened), session.labels)
    work.history.extend(one for one in session.history if _fits(opened.model, one))
    work.elsewhere += [
        one for one in session.benchmarks if one.source_sha256 in ("", session.sha256)
    ]
    work.loads.elsewhere += [one for one in session.loads if one.source_sha256 == session.sha256]
    work.review, work.reviewer = session.review, session.reviewer
    work.runs += session.runs
    work.token = token or work.token
    work.options = session.options
    if session.confirmed:
        place = "kept work" if token else "session file"
        _confirm_again(work, session.options, by=session.confirmed_by, place=place)
    work.chosen = session.chosen
    whence = f"The work of {session.saved} is back." if token else f"A session of {session.saved}."
    work.notice = " ".join([whence, work.notice, *_remarks(session)])


def _remarks(session: Session) -> list[str]:
    found = []
    checks = (session.certificate or {}).get("checks")
    if session.certificate is not None and isinstance(checks, list):
        passed = "passed" if session.certificate.get("passed") is True else "failed"
        found.append(f"Its own had {passed} in {len(checks):,} checks.")
    if session.requests:
        names = name_some([shorten(one_line(name), 40) for name in session.requests], MOST_NAMED)
        found.append(f"Request files are not kept: give {names} again to check with them.")
    now = mari.describe_versions()["mari_engine"]
    if session.tool != now:
        found.append(f"It was saved by version {session.tool}; version {now} made all of it anew.")
    return found


def _fits(model: mari.Model, labels: mari.Labels) -> bool:
    try:
        mari.check_labels(model, labels)
    except mari.MariError:
        return False
    return True


def _confirm_again(work: Work, options: Options, *, by: str, place: str) -> None:
    """Confirm labels as somebody did before, which starts the check; say so, or why not."""
    if work.opened is None or work.labels is None:
        return
    left = name_open(list_parts(work.labels, work.proposed))
    try:
        if left:
            raise mari.LabelError(left)
        if not by.strip():
            raise mari.LabelError(f"the {place} does not say who did; confirm them yourself")
        confirm_labels(work, _known(work.opened, options), by)
    except mari.MariError as error:
        work.notice = f"The labels could not be confirmed again: {error}"
        return
    work.notice = (
        f"These labels and choices were confirmed by {by.strip()}, so the {place} says."
        " The check runs again here."
    )


def _known(opened: Opened, options: Options) -> Options:
    """Return the options without nodes that this model does not have."""
    nodes = {node.name for node in engine_cache.describe(opened).nodes}
    keep = tuple(node for node in options.keep if node in nodes)
    return Options(options.signature, options.candidates, keep)
