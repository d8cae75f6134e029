"""Logged requests of a session: kept, learnt from, and held against labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mari_engine as mari
from app.services import engine_cache
from app.services.background import start_check
from app.services.model_sources import Upload, clean_name
from app.session import Comparison, Work
from app.views.labels import (
    doubt_refuted,
    list_parts,
    settle_by_requests,
    tell_refuted,
    tell_unread,
)


def take_requests(work: Work, files: Sequence[Upload], folder: Path) -> None:
    """Keep uploaded requests; answer open labels by them, or hold confirmed ones against them.

    Confirmed labels that a request refutes are open again, and their check is revoked; else the
    check runs again with all requests. Raises MariError, and changes nothing, for what is no
    request of this model.
    """
    if work.opened is not None and work.labels is not None:
        _take(work, _keep_all(work, files, folder), [file.name for file in files])


def compare_requests(work: Work, files: Sequence[Upload], folder: Path) -> None:
    """Hold the labels as they stand against uploaded requests, in `work.comparison`.

    No label changes. Raises MariError, and changes nothing, for what is no request of this model.
    """
    if work.opened is None or work.labels is None:
        return
    places = _keep_all(work, files, folder)
    learnt = _propose(work, places)
    names = tuple(file.name for file in files)
    work.comparison = Comparison(work.labels, learnt, tuple(places), names)


def take_compared(work: Work) -> None:
    """Take over the requests that were held against the labels: they answer what is open."""
    compared = work.comparison
    if compared is not None and work.opened is not None and work.labels is not None:
        _take(work, compared.places, compared.names)
        work.comparison = None


def _take(work: Work, places: Sequence[Path], names: Sequence[str]) -> None:
    assert work.opened is not None  # whoever takes requests has a model
    assert work.labels is not None
    learnt = _learn(work, places)
    refuted = [part for part in list_parts(work.labels, learnt) if part.refuted]
    if work.confirmed is None:
        work.relabel(settle_by_requests(work.labels, learnt))
    elif refuted:
        work.relabel(doubt_refuted(work.labels, refuted))
        work.revoked = tell_refuted(refuted, names)
    else:
        plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
        work.recheck(start_check(plan, work.requests))


def learn_again(work: Work) -> None:
    """Read the kept requests along the axes that are stated by now; labels in doubt are answered.

    Raises MariError, and changes nothing, where a stated axis is none of the input's.
    """
    if work.requests and work.labels is not None:
        work.relabel(settle_by_requests(work.labels, _learn(work, work.requests)))


def _learn(work: Work, places: Sequence[Path]) -> mari.Labels:
    """Keep the requests, propose labels by them, and say of which inputs they teach nothing."""
    learnt = _propose(work, places)
    work.requests, work.proposed = list(places), learnt
    work.revision += 1
    unread = [name for name, one in learnt.inputs.items() if one.axis == mari.FROM_GRAPH]
    work.notice = tell_unread(unread) if unread else ""
    return learnt


def _propose(work: Work, places: Sequence[Path]) -> mari.Labels:
    """Return what is proposed by these requests, beside graph and names."""
    assert work.opened is not None  # whoever has labels has a model
    requests = [mari.load_requests(place, work.opened.model) for place in places]
    return mari.propose_labels(work.opened.model, requests, stated=work.labels)


def forget_requests(work: Work) -> None:
    """Forget all requests: proposals are the graph's and the names' again; labels stay."""
    if work.opened is not None:
        work.requests, work.proposed = [], engine_cache.propose(work.opened)
        work.revision += 1


def _keep_all(work: Work, files: Sequence[Upload], folder: Path) -> list[Path]:
    """Write new requests to a folder; return where all lie, those that were at hand first."""
    if not files:
        raise mari.FeedError("requests: no file was given; choose an .npz file")
    return [*work.requests, *(_keep(file, folder) for file in files)]


def _keep(file: Upload, folder: Path) -> Path:
    place = folder / clean_name(file.name)
    try:
        place.write_bytes(file.getbuffer())
    except OSError as error:
        raise mari.FeedError(f"{place}: cannot be kept ({error.strerror}); try later") from error
    return place
