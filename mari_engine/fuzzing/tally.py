"""What became of many cases: counts by dialect and outcome, reasons of refusals, failures."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mari_engine.fuzzing.cases import dialect_of
from mari_engine.fuzzing.examination import Outcome
from mari_engine.fuzzing.failures import Failure
from mari_engine.fuzzing.workers import Examined
from mari_engine.types import Signature

_NAMED = re.compile(r"'[^']*'|\d+")


@dataclass(eq=False)
class Tally:
    """Counts cases as they are examined."""

    seed: int
    count: int
    """How many cases there are to be, from `seed` on."""
    signatures: tuple[Signature, ...] = tuple(Signature)
    """The calling contracts in which each is rewritten."""
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    """By dialect and outcome."""
    refusals: Counter[str] = field(default_factory=Counter)
    """By reason, without its names and numbers."""
    failures: list[Failure] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many cases were examined."""
        return sum(self.outcomes.values())

    @property
    def dialects(self) -> list[str]:
        """The dialects of the cases that were examined."""
        return sorted({dialect for dialect, _ in self.outcomes})

    def add(self, examined: Examined) -> None:
        """Count one case."""
        found = examined.examination
        self.outcomes[dialect_of(examined.seed), found.outcome] += 1
        if found.outcome in (Outcome.REFUSED, Outcome.NOT_RUN):
            self.refusals[_NAMED.sub("…", found.reason)] += 1
        if examined.failure is not None:
            self.failures.append(examined.failure)
            self.failures.sort(key=lambda failure: failure.seed)

    def of(self, outcome: Outcome) -> int:
        """Return how many cases had an outcome."""
        return sum(n for (_, found), n in self.outcomes.items() if found == outcome)

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari fuzz --json` writes."""
        return {
            "version": 1,
            "seed": self.seed,
            "count": self.count,
            "signatures": list(self.signatures),
            "done": self.done,
            "outcomes": {outcome: self.of(outcome) for outcome in Outcome},
            "dialects": {
                dialect: {
                    outcome: number
                    for outcome in Outcome
                    if (number := self.outcomes[dialect, outcome])
                }
                for dialect in self.dialects
            },
            "refusals": dict(sorted(self.refusals.items())),
            "failures": [failure.to_json() for failure in self.failures],
        }
