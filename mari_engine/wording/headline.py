"""What a rewrite is worth in one sentence, the same on pages, in reports and on terminals."""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine.types import Flops, FusionLayout, Selection, Side, Way
from mari_engine.wording.numbers import format_count

_LEAST = 1e-12
"""Seconds; no time is shorter, so that a ratio has a value."""


def headline_in_words(
    layouts: Sequence[FusionLayout],
    flops: tuple[Flops, Flops],
    selection: Selection,
    candidates: int,
) -> str:
    """Return one sentence: what was done for each candidate and is done once, and what it saves.

    The user's columns are those of users and context in fusion layers, each joined input counted
    once. `flops` are the model's before and after, told for one request with so many candidates;
    the ratio of times is of the trials by which the way was chosen, and said to be measured or
    expected.
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


def trial_seconds(selection: Selection) -> dict[Way, float]:
    """Return seconds of a request by way, the original's among them.

    They are measured where the way was chosen by measuring, else expected.
    """
    timed = selection.chosen_by == "measured"
    return {
        trial.way: time
        for trial in selection.trials
        if (time := trial.measured if timed else trial.expected) is not None
    }


def _speed_in_words(selection: Selection) -> str:
    """Return how much faster the way is than the original; "" where that was not looked at."""
    seconds = trial_seconds(selection)
    before = seconds.pop(Way.ORIGINAL, None)
    if before is None:
        return ""
    after = seconds.get(selection.way, min(seconds.values(), default=before))
    kind = "measured" if selection.chosen_by == "measured" else "expected"
    return f"{kind} {speed_in_words(before, after)}"


def speed_in_words(before: float, after: float) -> str:
    """Write how many times faster or slower seconds became.

    >>> speed_in_words(3.0, 2.0), speed_in_words(2.0, 3.0)
    ('1.50× faster', '1.50× slower')
    """
    if after > before:
        return f"{after / max(before, _LEAST):.2f}× slower"
    return f"{before / max(after, _LEAST):.2f}× faster"


def _request_columns(layouts: Sequence[FusionLayout]) -> int:
    joined = {layout.before for layout in layouts}
    return sum(
        segment.stop - segment.start
        for segments in joined
        for segment in segments
        if segment.side is Side.REQUEST
    )
