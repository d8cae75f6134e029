"""Runs of a model: what was confirmed and checked, with its figures, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mari_engine as mari
from app.session.choices import CONTRACTS, Options

MOST_RUNS = 8
"""Of one model; the oldest goes first."""
LONGEST_NAME = 60
MOST_CANDIDATES = 1_000_000
MOST_KEPT = 10_000
_MOST_FLOPS = 10**24
_LONGEST_PERSON = 2000


@dataclass(frozen=True)
class Run:
    """Labels and options that somebody confirmed, and what the check and the benchmark found."""

    name: str
    labels: mari.Labels
    by: str
    """Who confirmed."""
    options: Options
    flops: tuple[int, int]
    """Of a request of `options.candidates`: the original's, and the rewritten model's."""
    checks: int
    """Checks that it passed; none of them failed."""
    benchmark: mari.BenchmarkResult | None = None

    def is_for(self, labels: mari.Labels, options: Options) -> bool:
        """Return True where these labels and options were confirmed in this run."""
        return self.labels == labels and self.options == options

    def to_json(self) -> dict[str, Any]:
        """Return the run as a session file holds it."""
        return {
            "name": self.name,
            "labels": self.labels.to_json(),
            "by": self.by,
            "options": write_options(self.options),
            "flops": list(self.flops),
            "checks": self.checks,
            "benchmark": None if self.benchmark is None else self.benchmark.to_json(),
        }


def read_run(entry: mari.JsonObject) -> Run:
    """Return the run that an object of a session file tells; MariError for what is malformed."""
    flops = entry.items("flops", most=2)
    whole = [one for one in flops if isinstance(one, int) and 0 <= one < _MOST_FLOPS]
    if len(whole) != 2:
        raise entry.wrong("'flops' must be two numbers")
    benchmark = entry.fields.get("benchmark")
    return Run(
        name=entry.text("name", longest=LONGEST_NAME),
        labels=mari.Labels.from_json(entry.fields.get("labels")),
        by=entry.text("by", longest=_LONGEST_PERSON),
        options=read_options(entry.nested("options", "session: options of a run")),
        flops=(whole[0], whole[1]),
        checks=entry.whole("checks"),
        benchmark=None if benchmark is None else mari.BenchmarkResult.from_json(benchmark),
    )


def write_options(options: Options) -> Mapping[str, Any]:
    """Return options as a session file holds them."""
    return {
        "signature": str(options.signature),
        "candidates": options.candidates,
        "keep": list(options.keep),
    }


def read_options(entry: mari.JsonObject) -> Options:
    """Return the options that an object tells; MariError for what is malformed."""
    signature, candidates = entry.text("signature", longest=20), entry.whole("candidates")
    keep = entry.items("keep", most=MOST_KEPT)
    known = signature in set(CONTRACTS) and 1 <= candidates <= MOST_CANDIDATES
    if not known or not all(isinstance(node, str) for node in keep):
        raise entry.wrong("'options' is malformed")
    return Options(mari.Signature(signature), candidates, tuple(keep))
