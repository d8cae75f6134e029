"""The highest rate that is served within a bound: saturate, then bisect, arms in alternation.

    saturation s:  more is sent than can be answered, twice; no rate above it can be met
    bisection:     [0, s] is halved at the rate between the highest met and the lowest missed
    confirmation:  the lowest missed is run once more; where it is met now, the search goes on above

Other programs make a run miss, and none make it meet. So a run that misses is repeated once, and
one wrong step does not decide the search: its rate is asked again at the end. Arms take turns step
by step, so that what else the machine does meets all of them alike. Below a tenth of the saturation
nothing is searched: a bound that is missed there is missed by what one request takes alone, and
runs grow long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mari_engine.types import Arm, Capacity, LoadRun, LoadStage

STEPS = 7
"""Halvings: the bracket is then saturation / 128."""
_MOST_STEPS = 3 * STEPS
"""Of an arm, where rates that were missed are met when they are asked again."""
_ROUNDING = 1e-9
_SATURATIONS = 2
"""Of each arm, the better of which counts: it bounds all rates that are tried."""
_LEAST_SHARE = 0.1
"""Of the saturation: no rate below it is tried."""
_EQUAL_SHARE = 0.7
"""Of the least capacity: the rate at which processor time is compared."""
Measure = Callable[[Arm, LoadStage, float], LoadRun]
"""Runs one arm for a stage, at a rate in requests a second; of a saturation it picks the rate."""
Report = Callable[[float, str], None]


@dataclass
class _Bracket:
    """The capacity of one arm lies from the highest rate met to the lowest missed."""

    saturation: float
    met: float = 0.0
    misses: list[float] = field(default_factory=list)
    confirmed: bool = False
    """Whether the lowest miss was a miss again, at the end."""

    @property
    def missed(self) -> float:
        """The lowest rate that was missed."""
        return min(self.misses, default=self.saturation)

    def step(self, serves: Callable[[float], bool]) -> None:
        """Halve the bracket, or, where it is narrow, ask for its upper end once more."""
        rate = (self.met + self.missed) / 2
        wide = self.missed - self.met > self.saturation / 2**STEPS * (1 + _ROUNDING)
        if wide and rate >= _LEAST_SHARE * self.saturation:
            if serves(rate):
                self.met = rate
            else:
                self.misses.append(rate)
        elif self.misses and serves(self.missed):
            self.met = self.missed
            self.misses.remove(self.missed)
        else:
            self.confirmed = True


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

    most = dict.fromkeys(arms, 0.0)
    for arm in [*arms] * _SATURATIONS:
        report_progress(0.0, f"saturating {arm}")
        answered = run(arm, LoadStage.SATURATION, 0.0).completed_per_second
        most[arm] = max(most[arm], answered)
    brackets = {arm: _Bracket(saturation) for arm, saturation in most.items()}
    for step in range(_MOST_STEPS):
        for arm in (each for each in arms if each not in unable and not brackets[each].confirmed):
            share = min(1.0, step / (STEPS + 1))
            report_progress(0.1 + 0.8 * share, f"searching the capacity of {arm}")
            brackets[arm].step(partial(serves, arm))
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
