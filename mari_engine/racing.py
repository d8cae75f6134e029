"""Times ways to run a model against each other, in place, to choose between them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from mari_engine.errors import MariError
from mari_engine.feeds import Feeds, make_feeds
from mari_engine.labels import Labels
from mari_engine.loading import Model
from mari_engine.runtime import Session, open_session

_BUDGET = 3.0
"""Seconds of processor time that a race may take, a few rounds apart."""
_FEWEST, _MOST = 4, 25


def race_once(models: Sequence[Model], labels: Labels, *, candidates: int) -> list[float] | None:
    """Return each model's median processor seconds for one request, or None if one cannot run.

    All models are called as the first is, on one thread, in interleaved rounds. Processor time
    is little disturbed by what else the machine does.
    """
    try:
        feeds = make_feeds(models[0], labels, batch=candidates, seed=0)
        sessions = [open_session(model, threads=1) for model in models]
        first = [_timed(session, feeds) for session in sessions for _ in range(2)]
    except MariError:
        return None
    rounds = int(max(_FEWEST, min(_MOST, 2 * _BUDGET / max(1e-6, sum(first)))))
    times: list[list[float]] = [[] for _ in sessions]
    for number in range(rounds):
        order = range(len(sessions)) if number % 2 else range(len(sessions) - 1, -1, -1)
        for at in order:
            times[at].append(_timed(sessions[at], feeds))
    return [statistics.median(each) for each in times]


def _timed(session: Session, feeds: Feeds) -> float:
    began = time.process_time()
    session.run(feeds)
    return time.process_time() - began
