"""Labels learnt from logged requests: which columns differ among the candidates of one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mari_engine.analysis import candidate_symbols, symbol_of
from mari_engine.graph import Model
from mari_engine.inputs import Piece, packed_width
from mari_engine.labeling.clues import OBSERVED, STRONG, SURE, Clue
from mari_engine.types import Feeds, Labels, Role

_ENOUGH = 8
"""Candidates that a request must score before equal values in all of them are evidence."""
DIFFERS = "its values differ among the candidates of one request"


@dataclass(frozen=True)
class Observed:
    """What requests showed: by input number, which of its columns differ among candidates.

    Inputs that no request tells of are absent; `rows` are the candidates that were seen, by input.
    """

    differs: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Boolean, one for each column of the last axis; one for the whole of an unpacked input."""
    rows: Mapping[int, int] = field(default_factory=dict)
    requests: int = 0

    def cut(self, number: int, piece: Piece) -> Iterator[Piece]:
        """Yield a piece in runs of columns that all differ among candidates, or all do not."""
        found = self.differs.get(number)
        if found is None or piece.stop - piece.start <= 1 or piece.range is not None:
            yield piece  # ids of one list stay together
            return
        own = found[piece.start : piece.stop]
        ends = [*(np.flatnonzero(own[1:] != own[:-1]) + 1), len(own)]
        start = 0
        for end in ends:
            yield replace(piece, start=piece.start + start, stop=piece.start + int(end))
            start = int(end)

    def clues(self, number: int, piece: Piece) -> list[Clue]:
        """Return what the requests say about a piece."""
        found = self.differs.get(number)
        if found is None:
            return []
        own = found[piece.start : piece.stop] if len(found) > 1 else found
        if own.any():
            return [Clue(OBSERVED, Role.ITEM, SURE, DIFFERS)]
        rows = self.rows[number]
        if rows < _ENOUGH:
            return []
        text = f"all {rows} candidates of {self.requests} requests had one value in each request"
        return [Clue(OBSERVED, Role.USER, STRONG, text)]


def observe_requests(model: Model, requests: Sequence[Feeds]) -> Observed:
    """Return which columns differ among the candidates of a request, in any of the requests."""
    if not requests:
        return Observed()
    symbols = candidate_symbols(model, Labels())
    differs: dict[int, np.ndarray] = {}
    rows: dict[int, int] = {}
    for number, value in enumerate(model.ir.graph.inputs):
        names = [symbol_of(value, at) for at in range(len(value.shape or ()))]
        axes = [at for at, name in enumerate(names) if name in symbols]
        if not axes:
            continue
        packed = packed_width(value) is not None and axes != [len(names) - 1]
        for feeds in requests:
            moved = np.moveaxis(feeds[value.name or ""], axes[0], 0)
            if len(moved) < 2:
                continue
            unlike = _unlike_first(moved)
            last = unlike.reshape(-1, unlike.shape[-1]).any(axis=0) if packed else unlike.any()
            before = differs.get(number, np.zeros(1, bool))
            differs[number] = before | np.atleast_1d(last)
            rows[number] = rows.get(number, 0) + len(moved)
    return Observed(differs, rows, len(requests))


def _unlike_first(rows: np.ndarray) -> np.ndarray:
    """Return where rows differ from the first; NaN equals NaN."""
    first = rows[:1]
    unlike: np.ndarray = ~((rows == first) | ((rows != rows) & (first != first)))
    return unlike
