"""A model that is served in stages, run as one: what a stage gives, later ones take by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mari_engine.graph import Model
from mari_engine.runtime import open_session
from mari_engine.types import Feeds


@dataclass(frozen=True, eq=False)
class Stage:
    """A model of a chain; `by_row` where each row of its inputs is computed at some other time."""

    model: Model
    by_row: bool = False


class Runnable(Protocol):
    """What a check runs: a model's session, or a chain of them."""

    def run(self, feeds: Feeds) -> Feeds:
        """Return the outputs by name; raises ExecutionError."""


class StagedSession:
    """The stages in order; the last one's outputs are the chain's.

    Rows of a stage that works `by_row` are sent in two halves and in reverse: as a store's rows
    are computed in other company than that of the candidates whom they are fetched for. Opening
    raises ExecutionError, and so does a run.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._sessions = [(open_session(each.model, threads=1), each.by_row) for each in stages]

    def run(self, feeds: Feeds) -> Feeds:
        """Return the last stage's outputs for what all stages take of the request."""
        known, found = dict(feeds), Feeds()
        for session, by_row in self._sessions:
            taken = {name: known[name] for name in session.input_names}
            found = _by_halves(session, taken) if by_row else session.run(taken)
            known |= found
        return found


def _by_halves(session: Runnable, feeds: Feeds) -> Feeds:
    """Return the outputs for rows `[N, ...]` sent as `N-1 ... N/2` and `N/2-1 ... 0`."""
    rows = min((len(array) for array in feeds.values()), default=0)
    if rows < 2:
        return session.run(feeds)
    turned = {name: array[::-1] for name, array in feeds.items()}
    pieces = [
        session.run({name: np.ascontiguousarray(array[part]) for name, array in turned.items()})
        for part in (slice(0, rows // 2), slice(rows // 2, rows))
    ]
    return {name: np.concatenate([each[name] for each in pieces])[::-1] for name in pieces[0]}
