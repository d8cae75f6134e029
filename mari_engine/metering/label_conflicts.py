"""Label conflicts: features whose values in a user's own requests contradict their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from mari_engine.feeds import Part, PlannedInput
from mari_engine.graph import Model
from mari_engine.metering.instrumented_session import Exposed
from mari_engine.metering.probe_requests import Requester, axes_of_rows, rows_of
from mari_engine.metering.variation import unlike
from mari_engine.types import Feeds, LabelFinding
from mari_engine.wording import format_ranges

_ROWS = 8
"""Rows that differ, and values that move, of which a finding names the first."""
Moved = Callable[[Feeds, Feeds], Sequence[str]]
"""Returns the values colored request side that differ between two requests of one candidate."""


def compare_runs(model: Model, names: Sequence[str]) -> Moved:
    """Return a comparison of these values between two runs; its session opens when first used.

    The comparison raises ExecutionError when the model cannot be run.
    """
    opened = cache(lambda: Exposed(model, names))

    def moved(one: Feeds, other: Feeds) -> Sequence[str]:
        first, second = opened().run(one), opened().run(other)
        return [
            name
            for name in names
            if first[name].shape != second[name].shape or unlike(first[name], second[name]).any()
        ]

    return moved


def list_conflicts(
    requester: Requester, feeds: Feeds, name: str, moved: Moved
) -> list[LabelFinding]:
    """Return where a user's own request contradicts the labels of its inputs.

    A per-request feature whose rows differ is wrong; a feature of the candidates that is the same
    in all of two or more rows may be one of the request's.
    """
    batch = requester.plan.batch_of(feeds)
    conflicts = list[LabelFinding]()
    for item in requester.plan.inputs:
        axes = axes_of_rows(requester.plan, item, feeds, batch)
        for part in item.parts:
            piece = _piece(feeds[item.name], part)
            rows, columns = _differing(piece, axes)
            if part.per_request and rows:
                first = rows_of(requester.plan, feeds, 0)
                other = dict(first)
                other[item.name] = _put(
                    first[item.name], rows_of(requester.plan, feeds, rows[0])[item.name], part
                )
                affected = tuple(moved(first, other)[:_ROWS])
                columns = [part.start + at for at in columns]
                conflicts.append(_wrong(item, part, rows, columns, affected, name))
            elif not part.per_request and not rows and batch > 1 and piece.size:
                conflicts.append(_hint(item, part, batch, name))
    return conflicts


def _wrong(
    item: PlannedInput, part: Part, rows: Sequence[int], columns: Sequence[int],
    moved: tuple[str, ...], name: str,
) -> LabelFinding:  # fmt: skip
    where = f" column {format_ranges(columns)}" if columns else ""
    feature = f" ({part.feature.name})" if part.feature.name != item.name else ""
    shown = format_ranges(rows[:_ROWS]) + (", …" if len(rows) > _ROWS else "")
    effect = f"; {moved[0]} and what follows moves with it" if moved else ""
    return LabelFinding(
        kind="wrong",
        input=item.name,
        columns=_columns(part),
        feature=part.feature.name,
        rows=tuple(rows[:_ROWS]),
        moved=moved,
        text=(
            f"{name}: input {item.name!r}{where}{feature} is labelled as one value per request, "
            f"but row {shown} differs from row 0{effect}; label it item or cross, or send one user "
            "per request"
        ),
    )


def _hint(item: PlannedInput, part: Part, batch: int, name: str) -> LabelFinding:
    feature = f" ({part.feature.name})" if part.feature.name != item.name else ""
    columns = _columns(part)
    where = "" if columns is None else f" column {format_ranges(range(*columns))}"
    return LabelFinding(
        kind="hint",
        input=item.name,
        columns=columns,
        feature=part.feature.name,
        rows=(),
        moved=(),
        text=(
            f"{name}: input {item.name!r}{where}{feature} is labelled as a feature of the "
            f"candidates, but is the same in all {batch} rows; label it user or context if it "
            "always is"
        ),
    )


def _columns(part: Part) -> tuple[int, int] | None:
    return None if part.stop is None else (part.start, part.stop)


def _piece(array: np.ndarray, part: Part) -> np.ndarray:
    return array if part.stop is None else array[..., part.start : part.stop]


def _put(array: np.ndarray, other: np.ndarray, part: Part) -> np.ndarray:
    out = array.copy()
    place = (...,) if part.stop is None else (..., slice(part.start, part.stop))
    out[place] = other[place]
    return out


def _differing(piece: np.ndarray, axes: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the rows that differ from row 0, and the columns of the last axis where they do."""
    if not axes or piece.size == 0:
        return [], []
    first = piece
    for axis in axes:
        first = np.take(first, [0], axis)
    other = unlike(piece, first)
    rows = other.any(axis=tuple(at for at in range(other.ndim) if at != axes[0]))
    last = other.ndim - 1
    if last in axes or piece.shape[-1] == 1:
        return np.flatnonzero(rows).tolist(), []
    columns = np.flatnonzero(other.any(axis=tuple(range(last))))
    return np.flatnonzero(rows).tolist(), columns.tolist()
