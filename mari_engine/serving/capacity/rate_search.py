"""The highest rate that is served within a bound: saturate, then bisect, arms in alternation.

    saturation s:  more is sent than can be answered; no rate above it can be met
    bisection:     [0, s] is halved at the rate between the highest met and the lowest missed

A run that misses is repeated once, since another program may have disturbed it; a rate counts as
met where one of the two meets it. Arms take turns step by step, so that what else the machine does
meets all of them alike. Below a tenth of the saturation nothing is searched: a bound that is missed
there is missed by what one request takes alone, and runs grow long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mari_engine.types import Arm, Capacity, LoadRun, LoadStage

STEPS = 7
"""Halvings: the bracket is then saturation / 128."""
_LEAST_SHARE = 0.1
"""Of the saturation: no rate below it is tried."""
_EQUAL_SHARE = 0.7
"""Of the least capacity: the rate at which processor time is compared."""
Measure = Callable[[Arm, LoadStage, float], LoadRun]
"""Runs one arm for a stage, at a rate in requests a second; of a saturation it picks the rate."""
Report = Callable[[float, str], None]


@dataclass
class _Bracket:
    """The capacity of one arm lies from `met` to `missed`."""

    saturation: float
    met: float = 0.0
    missed: float = field(init=False)

    def __post_init__(self) -> None:
        self.missed = self.saturation

    @property
    def is_open(self) -> bool:
        """Whether a rate within it is worth a run."""
        return (self.met + self.missed) / 2 >= _LEAST_SHARE * self.saturation

    def halve(self, serves: Callable[[float], bool]) -> None:
        """Halve the bracket by whether the rate in its middle is served."""
        rate = (self.met + self.missed) / 2
        if serves(rate):
            self.met = rate
        else:
            self.missed = rate


@dataclass(frozen=True)
class Found:
    """What a search found, with all runs in order."""

    capacities: tuple[Capacity, ...]
    runs: tuple[LoadRun, ...]
    equal_rate: float | None


def search(
    arms: Sequence[Arm],
    measure: Measure,
    report_progress: Report,
    unable: Collection[Arm] = (),
) -> Found:
    """Return each arm's capacity, and the processor time of a request at one rate for all.

    Arms that are `unable` to answer a request within the bound meet no rate, and are not searched.
    """
    runs: list[LoadRun] = []

    def run(arm: Arm, stage: LoadStage, rate: float) -> LoadRun:
        runs.append(measure(arm, stage, rate))
        return runs[-1]

    def serves(arm: Arm, rate: float) -> bool:
        return any(run(arm, LoadStage.SEARCH, rate).met for _ in range(2))

    brackets: dict[Arm, _Bracket] = {}
    for arm in arms:
        report_progress(0.0, f"saturating {arm}")
        brackets[arm] = _Bracket(run(arm, LoadStage.SATURATION, 0.0).completed_per_second)
    for step in range(STEPS):
        for arm in (each for each in arms if each not in unable and brackets[each].is_open):
            report_progress(0.1 + 0.8 * step / STEPS, f"searching the capacity of {arm}")
            brackets[arm].halve(partial(serves, arm))
    report_progress(0.9, "comparing processor time at one rate")
    least = min(bracket.met for bracket in brackets.values())
    equal = _EQUAL_SHARE * least if least > 0 else None
    seconds: Mapping[Arm, float] = {}
    if equal is not None:
        ran = {arm: run(arm, LoadStage.EQUAL, equal) for arm in arms}
        seconds = {arm: 1000 * one.processor_seconds / one.queries for arm, one in ran.items()}
    capacities = tuple(
        Capacity(arm, bracket.met, bracket.missed, bracket.saturation, seconds.get(arm))
        for arm, bracket in brackets.items()
    )
    return Found(capacities, tuple(runs), equal)
