"""Requests of users without a history: ids and lengths of 0, masks of one value.

No model need take them. They are for asking whether one does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from mari_engine.feeds.feed_plan import FeedPlan
from mari_engine.feeds.planned_inputs import Part, PlannedInput
from mari_engine.feeds.random_features import is_mask
from mari_engine.types import Feeds

_MOST = 8
"""Inputs that are void alone."""


def void_requests(plan: FeedPlan, *, batch: int, seeds: Sequence[int]) -> Iterator[Feeds]:
    """Yield requests of which all ids, lengths and masks are void, or those of one input.

    Of what is per candidate first a single candidate's are, beside others that are not. `batch` is
    the number of candidates, where the model does not fix it. What else a request holds is typical.
    """
    void = {item.name: item for item in plan.inputs if any(map(_may_be_void, item.parts))}
    rows = dict.fromkeys(void, np.s_[...])
    last = {
        name: (*[slice(None)] * axes[0], -1)
        for name, item in void.items()
        if not item.per_request and (axes := plan.candidate_axes(item))
    }
    for seed in seeds:
        drawn = plan.draw(batch=plan.fixed_batch or batch, seed=seed)
        for where in (last, rows):
            for names, masked in _choices(where):
                yield drawn | {
                    name: _without(void[name], drawn[name], where[name], masked) for name in names
                }


def _choices(where: Collection[str]) -> Iterator[tuple[Collection[str], int]]:
    """Yield names of inputs that are void together, and what their masks then are."""
    if where:
        yield where, 0
        yield where, 1
    for name in list(where)[:_MOST] if len(where) > 1 else ():
        yield (name,), 0


def _may_be_void(part: Part) -> bool:
    feature = part.feature
    return is_mask(feature) or feature.whole or feature.dtype.kind in "iu"


def _without(item: PlannedInput, array: np.ndarray, rows: Any, masked: int) -> np.ndarray:
    """Return an input whose ids, lengths and masks are void in these rows."""
    void = array.copy()
    for part in filter(_may_be_void, item.parts):
        columns = void if part.stop is None else void[..., part.start : part.stop]
        columns[rows] = masked if is_mask(part.feature) else 0
    return void
