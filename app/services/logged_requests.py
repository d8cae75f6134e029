"""Logged requests of a session: kept, learnt from, and held against labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mari_engine as mari
from app.services import engine_cache
from app.services.background import start_check
from app.services.model_sources import Upload, clean_name
from app.session import Work
from app.views.labels import doubt_refuted, list_parts, settle_by_requests, tell_refuted


def take_requests(work: Work, files: Sequence[Upload], folder: Path) -> None:
    """Keep uploaded requests; answer open labels by them, or hold confirmed ones against them.

    Confirmed labels that a request refutes are open again, and their check is revoked; else the
    check runs again with all requests. Raises MariError, and changes nothing, for what is no
    request of this model.
    """
    if work.opened is None or work.labels is None:
        return
    if not files:
        raise mari.FeedError("requests: no file was given; choose an .npz file")
    places = [*work.requests, *(_keep(file, folder) for file in files)]
    requests = [mari.load_requests(place, work.opened.model) for place in places]
    learnt = mari.propose_labels(work.opened.model, requests)
    work.requests, work.proposed = places, learnt
    work.revision += 1
    refuted = [part for part in list_parts(work.labels, learnt) if part.refuted]
    if work.confirmed is None:
        work.relabel(settle_by_requests(work.labels, learnt))
    elif refuted:
        work.relabel(doubt_refuted(work.labels, refuted))
        work.revoked = tell_refuted(refuted, [file.name for file in files])
    else:
        plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
        work.recheck(start_check(plan, work.requests))


def forget_requests(work: Work) -> None:
    """Forget all requests: proposals are the graph's and the names' again; labels stay."""
    if work.opened is not None:
        work.requests, work.proposed = [], engine_cache.propose(work.opened)
        work.revision += 1


def _keep(file: Upload, folder: Path) -> Path:
    place = folder / clean_name(file.name)
    try:
        place.write_bytes(file.getbuffer())
    except OSError as error:
        raise mari.FeedError(f"{place}: cannot be kept ({error.strerror}); try later") from error
    return place
