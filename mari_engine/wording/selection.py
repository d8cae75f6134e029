"""The selected way of rewriting in sentences, for pages, terminals and reports."""

from __future__ import annotations

from mari_engine.types import BreakEven, Selection, Way
from mari_engine.wording.numbers import format_seconds

_WAYS = {
    Way.FOLD: "Products are split, and folded into per-request weights where that pays",
    Way.KEEP_NORMS: "Products are split, and folded where that pays, but not behind norms",
    Way.SPLIT: "Products are split",
    Way.HOIST: "Only what does not depend on the candidates is computed once",
}


def selection_in_words(selection: Selection) -> tuple[str, ...]:
    """Return how the model was rewritten, why so, and from how many candidates on it pays."""
    reason = selection.reason
    way = _WAYS.get(selection.way)
    sentences = [f"{way}: {reason}." if way else f"{reason[:1].upper()}{reason[1:]}."]
    trials = [
        f"{trial.way} {format_seconds(trial.expected)}"
        + (f" (measured {format_seconds(trial.measured)})" if trial.measured is not None else "")
        for trial in selection.trials
    ]
    sentences.append(f"Expected times, by {selection.prices} prices: {', '.join(trials)}.")
    if selection.break_even is not None:
        faster = break_even_in_words(selection.break_even)
        sentences.append(f"It is expected to be {faster}.")
    return tuple(sentences)


def break_even_in_words(even: BreakEven) -> str:
    """Return from how many candidates on the rewritten is faster.

    >>> break_even_in_words(BreakEven(8, 120))
    'faster than the original from 8 candidates on, than the plain split from 120 on'
    >>> break_even_in_words(BreakEven(None)), break_even_in_words(BreakEven(1))
    ('no faster than the original', 'faster than the original from 1 candidate on')
    """
    if even.original is None:
        text = "no faster than the original"
    else:
        noun = "candidate" if even.original == 1 else "candidates"
        text = f"faster than the original from {even.original:,} {noun} on"
    return text if even.split is None else f"{text}, than the plain split from {even.split:,} on"
