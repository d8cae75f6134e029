"""The selected way of rewriting in sentences, for pages, terminals and reports."""

from __future__ import annotations

from mari_engine.types import BreakEven, Selection, StackedLookups, Way
from mari_engine.wording.numbers import format_count, format_seconds

_WAYS = {
    Way.FOLD: "Products are split, and folded into per-request weights where that pays",
    Way.KEEP_NORMS: "Products are split, and folded where that pays, but not behind norms",
    Way.SPLIT: "Products are split",
    Way.HOIST: "Only what does not depend on the candidates is computed once",
}


def selection_in_words(selection: Selection) -> tuple[str, ...]:
    """Return how the model was rewritten, why so, and from how many candidates on it pays.

    Stacked lookups are told with the bytes of their tables before and after.
    """
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
    if selection.stacked is not None:
        sentences.append(_stacked_in_words(selection.stacked))
    return tuple(sentences)


def _stacked_in_words(stacked: StackedLookups) -> str:
    """Return how many lookups became how many, and the bytes that they read before and after.

    >>> _stacked_in_words(StackedLookups(24, 1, 3_100_000, 3_101_200))
    '24 lookups became 1 on stacked tables: 3.1 MB of weights before, 3.1 MB after (1.2 kB more).'
    """
    before, after = stacked.bytes_before, stacked.bytes_after
    return (
        f"{stacked.lookups_before:,} lookups became {stacked.lookups_after:,} on stacked tables: "
        f"{format_count(before, 'B')} of weights before, {format_count(after, 'B')} after "
        f"({format_count(after - before, 'B')} more)."
    )


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
