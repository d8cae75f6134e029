"""Labels learnt from logged requests: which columns differ among the candidates of one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mari_engine.analysis import AxisReading, read_axes
from mari_engine.graph import Model
from mari_engine.inputs import Piece, packed_width
from mari_engine.labeling.clues import OBSERVED, STRONG, SURE, Clue
from mari_engine.types import Column, Feeds, InputLabel, Labels, Role

_ENOUGH = 8
"""Candidates that a request must score before equal values in all of them are evidence."""
UNREAD = "the requests teach nothing of this input"
DIFFERS = "its values differ among the candidates of one request"


@dataclass(frozen=True)
class Observed:
    """What requests showed: by input number, which of its columns differ among candidates.

    Inputs that no request tells of are absent; `rows` are the candidates that were seen, by input.
    """

    differs: dict[int, np.ndarray] = field(default_factory=dict)
    """Boolean, one for each column of the last axis; one for the whole of an unpacked input."""
    rows: dict[int, int] = field(default_factory=dict)
    requests: int = 0
    unclear: dict[int, str] = field(default_factory=dict)
    """By input number, why requests teach nothing of it: it is not clear where candidates lie."""
    alone: set[int] = field(default_factory=set)
    """The inputs of which each request has a single candidate's value."""

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
        if self.requests == 1:
            text = f"all {rows} candidates of one request had one value"
        return [Clue(OBSERVED, Role.USER, STRONG, text)]

    def too_little(self, number: int) -> str:
        """Return why requests that tell of an input leave what is equal in them open, or ""."""
        if number in self.alone:
            return "the requests teach nothing of it: each ranks a single candidate"
        rows = self.rows.get(number, _ENOUGH)
        if rows < _ENOUGH:
            return f"{rows} candidates with one value are too few to tell: log at least {_ENOUGH}"
        return ""


def observe_requests(
    model: Model, requests: Sequence[Feeds], axes: Mapping[str, AxisReading]
) -> Observed:
    """Return which columns differ among the candidates of a request, in any of the requests.

    `axes` are those along which each input's candidates lie (see `axes_to_observe`).
    """
    seen = Observed({}, {}, len(requests), {})
    for number, value in enumerate(model.ir.graph.inputs):
        reading = axes.get(value.name or "", AxisReading(None))
        if isinstance(reading.axis, str):
            seen.unclear[number] = f"{UNREAD}: {reading.evidence[0]}; state its axis"
        if not isinstance(reading.axis, int):
            continue
        packed = packed_width(value) is not None and reading.axis != len(value.shape or ()) - 1
        for feeds in requests:
            moved = np.moveaxis(feeds[value.name or ""], reading.axis, 0)
            if len(moved) < 2:
                seen.alone.add(number)
                continue
            unlike = _unlike_first(moved)
            last = unlike.reshape(-1, unlike.shape[-1]).any(axis=0) if packed else unlike.any()
            before = seen.differs.get(number, np.zeros(1, bool))
            seen.differs[number] = before | np.atleast_1d(last)
            seen.rows[number] = seen.rows.get(number, 0) + len(moved)
    seen.alone.difference_update(seen.rows)
    return seen


def axes_to_observe(model: Model, labels: Labels) -> Mapping[str, AxisReading]:
    """Return along which axis of each input requests are read: stated, else read off the graph.

    What is not settled may be per candidate, since that is what requests are asked about: first
    all that names alone say; then, where that leaves no reading, what is in doubt; then all.
    FROM_GRAPH stands where it stays open.
    """
    first: Mapping[str, AxisReading] | None = None
    for is_settled in (_is_fact, _is_certain, _is_nothing):
        open_labels = {
            name: InputLabel(role=_side(label, is_settled), axis=label.stated_axis)
            for name, label in labels.inputs.items()
        }
        found = read_axes(model, Labels(open_labels), uncounted=True)
        if any(isinstance(reading.axis, int) for reading in found.values()):
            return found
        first = first or found
    return first or {}


def _side(label: InputLabel, is_settled: Callable[[InputLabel | Column], bool]) -> Role:
    """Return the role of an input for its axis: per candidate where a part is, or may be."""
    for part in label.columns or (label,):
        if part.role is None or not part.role.per_request or not is_settled(part):
            return Role.ITEM
    return Role.USER


def _is_fact(part: InputLabel | Column) -> bool:
    return part.confidence >= 1 and part.vouched != "name"


def _is_certain(part: InputLabel | Column) -> bool:
    return part.confidence >= 1


def _is_nothing(part: InputLabel | Column) -> bool:
    return False


def _unlike_first(rows: np.ndarray) -> np.ndarray:
    """Return where rows differ from the first; NaN equals NaN."""
    first = rows[:1]
    unlike: np.ndarray = ~((rows == first) | ((rows != rows) & (first != first)))
    return unlike
