"""Keeping: a session's work is written to the server's disk whenever it has changed."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import mari_engine as mari
from app.services.kept_works import open_works
from app.session import Options, Session, Work, read_session, write_session

_LATEST: weakref.WeakKeyDictionary[Work, tuple[object, ...]] = weakref.WeakKeyDictionary()
"""By session: what was kept last, or brought back."""


def keep(work: Work, *, page: str, address: Mapping[str, Sequence[str]]) -> None:
    """Keep the work, shown at this page, if it has changed; `work.unkept` says why that failed.

    Work that was only opened holds nothing to keep.
    """
    parts = _list_parts(work)
    if not is_begun(work) or _LATEST.get(work) == parts:
        return
    try:
        open_works().save(work.token, write_session(work, page=page, address=address))
        work.unkept = ""
    except mari.MariError as error:
        work.unkept = str(error)
    _LATEST[work] = parts


def is_begun(work: Work) -> bool:
    """Return True where a visitor has done something with the model beyond opening it."""
    if work.opened is None:
        return False
    return bool(
        work.history
        or work.confirmed is not None
        or work.benchmarks
        or work.loads.all
        or work.runs
        or work.chosen != Options()
        or work.review != mari.Review(work.opened.model.sha256)
    )


def is_kept(work: Work) -> bool:
    """Return True where the work lies on the server's disk as it stands."""
    return _LATEST.get(work) == _list_parts(work) and not work.unkept


def find_kept(token: str) -> Session | None:
    """Return the work that is kept under a token; None where there is none that can be read."""
    data = open_works().load(token)
    try:
        return None if data is None else read_session(data)
    except mari.MariError:
        return None


def _list_parts(work: Work) -> tuple[object, ...]:
    """Return what tells one state of the work from another; the page that is shown is no part."""
    check = work.result.certificate if work.result is not None else None
    return (
        work.token, work.labels, len(work.history), work.confirmed, work.confirmed_by,
        work.options, work.chosen, check, tuple(work.benchmarks),
        tuple(work.loads.all), tuple(work.runs), work.review, work.reviewer, tuple(work.requests),
    )  # fmt: skip
