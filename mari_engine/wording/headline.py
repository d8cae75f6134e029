"""What a rewrite is worth in one sentence, the same on pages, in reports and on terminals."""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine.types import Flops, FusionLayout, Selection, Side, Speedup, Way
from mari_engine.wording.numbers import format_band, format_count, format_times

_LEAST = 1e-12
"""No ratio is smaller, so that one over it has a value."""


def headline_in_words(
    layouts: Sequence[FusionLayout],
    flops: tuple[Flops, Flops],
    selection: Selection,
    candidates: int,
) -> str:
    """Return one sentence: what was done for each candidate and is done once, and what it saves.

    The user's columns are those of users and context in fusion layers, each joined input counted
    once. `flops` are the model's before and after, told for one request with so many candidates;
    the ratio of times is `selection.speedup`, and said to be measured or expected.
    """
    if selection.way is Way.ORIGINAL:
        asked = selection.chosen_by == "given"
        why = "as asked" if asked else f"no rewrite is clearly faster at {candidates:,} candidates"
        return f"The model is left as it was: {why}."
    columns = _request_columns(layouts)
    if columns:
        what = f"The user's {columns:,} columns were multiplied {candidates:,} times a request"
    else:
        what = f"What depends on the user alone was computed for each of {candidates:,} candidates"
    before, after = (format_count(each.at(candidates), "FLOP") for each in flops)
    speed = _speed_in_words(selection)
    return f"{what}; now once: {before} → {after}{speed and ', '}{speed}."


def _speed_in_words(selection: Selection) -> str:
    """Return how much faster the way is than the original; "" where that was not looked at."""
    speedup = selection.speedup
    kind = "measured" if selection.timed else "expected"
    return "" if speedup is None else f"{kind} {speedup_in_words(speedup)}"


def speedup_in_words(speedup: Speedup) -> str:
    """Write how many times faster or slower seconds became, and how far rounds disagreed.

    >>> speedup_in_words(Speedup(1.5)), speedup_in_words(Speedup(1.5, 1.25, 1.75))
    ('1.50× faster', '1.50× faster (1.25 to 1.75 in 8 of 10 rounds)')
    >>> speedup_in_words(Speedup(0.5, 0.4, 0.8))
    '2.00× slower (1.25 to 2.50 in 8 of 10 rounds)'
    """
    slower = speedup.ratio < 1
    times = [speedup.ratio, *(each for each in (speedup.low, speedup.high) if each is not None)]
    ratio, *band = (1 / max(each, _LEAST) if slower else each for each in times)
    noise = f" ({format_band(min(band), max(band))} in 8 of 10 rounds)" if band else ""
    return f"{format_times(ratio)} {'slower' if slower else 'faster'}{noise}"


def _request_columns(layouts: Sequence[FusionLayout]) -> int:
    joined = {layout.before for layout in layouts}
    return sum(
        segment.stop - segment.start
        for segments in joined
        for segment in segments
        if segment.side is Side.REQUEST
    )
