"""The selection among strategies: which one is fastest, by how much, and from how many candidates.

Expected times are lines in the number of candidates, `once + each * candidates` (see
`cost.time_model`); measured times, where strategies were raced, are of the number planned for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mari_engine.errors import ModelError
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Line, faster_from
from mari_engine.rewriting.interpreter import Rewritten
from mari_engine.types import BreakEven, Cost, Selection, Signature, StackedLookups, Trial, Way
from mari_engine.wording import format_seconds

_WORTH = 0.96
"""The share of the original's time that a rewrite must stay below."""
_TIE = 1.03
"""Times this close to the least are a tie. Of measured ones the least expected time then decides,
of expected ones the fewest FLOPs: what a rewrite does besides products is known less well."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A strategy that was tried: the graph that it leads to, its cost and its expected time."""

    way: Way
    rewritten: Rewritten
    cost: Cost
    line: Line
    stacked: StackedLookups | None = None


def fastest(attempts: Sequence[Attempt], measured: Mapping[Way, float], candidates: int) -> Attempt:
    """Return the attempt that was measured fastest, or is expected to be where none was.

    Of several as fast as each other it is the one that does the fewest FLOPs.
    """
    raced = [one for one in attempts if one.way in measured] or list(attempts)
    if measured:
        least = min(measured[one.way] for one in raced)
        raced = [one for one in raced if measured[one.way] <= least * _TIE]
    soonest = min(one.line.at(candidates) for one in raced)
    tied = [one for one in raced if one.line.at(candidates) <= soonest * _TIE]
    return min(tied, key=lambda one: (one.cost.flops.at(candidates), one.line.at(candidates)))


def select(best: Attempt, trials: Sequence[Trial], options: Options) -> Selection:
    """Return the best attempt or the original, whichever is chosen, with the reason in words.

    `trials` are all ways, the original first. A drop-in model must be faster than the original;
    another signature was asked for, and is chosen in any case.
    """
    measured = trials[0].measured is not None
    taken = {
        trial.way: (trial.measured if measured else trial.expected) or 0.0
        for trial in trials
        if not measured or trial.measured is not None
    }
    plain, own = taken.pop(Way.ORIGINAL), taken[best.way]
    chosen_by = "measured" if measured else "expected"
    how = "was measured to" if measured else "is expected to"
    times = f"{format_seconds(own)} against {format_seconds(plain)}"
    times += f" at {options.candidates:,} candidates"
    tied = "least of all that was tried"
    if own > min(taken.values()):
        tied = "as little as any that was tried, but for a few percent"
    way, reason = best.way, f"it {how} take {times}, {tied}"
    if own >= plain * _WORTH and options.signature == Signature.DROP_IN:
        way = Way.ORIGINAL
        reason = f"no rewrite is clearly faster (the best {how} take {times}): "
        reason += "the model is left as it was"
    elif own >= plain * _WORTH:
        reason = f"its signature was asked for, though it {how} take {times}"
    stacked = best.stacked if way == best.way else None
    return Selection(way, chosen_by, reason, tuple(trials), None, options.prices.source, stacked)


def attempt_of(way: Way | None, attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the attempt of a way that is asked for; None where none, or the original, is.

    Raises ModelError where no attempt is of this way: it then comes to the same as another.
    """
    if way is None or way == Way.ORIGINAL:
        return None
    for one in attempts:
        if one.way == way:
            return one
    others = ", ".join(repr(str(one.way)) for one in attempts)
    raise ModelError(f"the way {str(way)!r} is none of its own for this model; it has {others}")


def take(way: Way, best: Attempt, trials: Sequence[Trial], options: Options) -> Selection:
    """Return the selection of a way that is asked for.

    Raises ModelError for the original where its inputs are to be others.
    """
    if way == Way.ORIGINAL and options.signature != Signature.DROP_IN:
        raise ModelError(f"{str(way)!r} has no other inputs; take the signature 'drop-in'")
    reason = "it was asked for, and nothing was timed"
    if way == Way.ORIGINAL:
        reason = "it was asked to be left as it was, and nothing was timed"
    stacked = best.stacked if way == best.way else None
    return Selection(way, "given", reason, tuple(trials), None, options.prices.source, stacked)


def add_break_even(
    selection: Selection, best: Attempt, plain: Line, split: Attempt | None, candidates: int
) -> Selection:
    """Return the selection with the numbers of candidates from which on the best is faster.

    Faster than the original (`plain`) and than the plain split. Where both ways were timed, their
    expected lines are scaled to meet the measured times at the number planned for.
    """
    timed = {trial.way: trial.measured for trial in selection.trials if trial.measured}

    def from_on(way: Way, other: Line) -> int | None:
        if best.way not in timed or way not in timed:
            return faster_from(best.line, other)
        lines = ((best.way, best.line), (way, other))
        return faster_from(
            *(each.times(timed[of] / max(1e-12, each.at(candidates))) for of, each in lines)
        )

    even = BreakEven(
        from_on(Way.ORIGINAL, plain),
        None if split is None else from_on(split.way, split.line),
    )
    return replace(selection, break_even=even)
