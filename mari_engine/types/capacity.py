"""Capacity at a latency bound, and its JSON, which may come from another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mari_engine.errors import MariError
from mari_engine.types.benchmark import Arm
from mari_engine.types.json_fields import (
    JsonDocument,
    JsonError,
    JsonObject,
    digest_document,
    parse_json,
)

_VERSION = 1
_MOST = 10_000
"""Entries of any list: a file may come from anybody."""
_LARGEST = 1e12


class LoadStage(StrEnum):
    """What a run was made for."""

    SATURATION = "saturation"
    """More requests than can be answered: how many are, at most."""
    SEARCH = "search"
    """A step of the bisection."""
    EQUAL = "equal rate"
    """All arms at one rate, for the processor time of a request."""


@dataclass(frozen=True)
class LoadRun:
    """Requests at one rate. Latencies in seconds, from when a request was scheduled to arrive."""

    arm: Arm
    stage: LoadStage
    rate: float
    """Requests a second that were to be sent, at Poisson arrivals."""
    queries: int
    """How many were sent, and answered."""
    p50: float
    p90: float
    p99: float
    mean: float
    completed_per_second: float
    processor_seconds: float
    """Of all cores, for all requests of the run."""
    met: bool
    """Whether p99 is below the bound as surely as MLPerf's early stopping asks."""


@dataclass(frozen=True)
class Capacity:
    """The highest rate that an arm serves within the bound."""

    arm: Arm
    rate: float
    """The highest that was met, in requests a second; 0 where none was."""
    missed: float
    """The lowest above it that was not met: the capacity lies between the two."""
    saturation: float
    """Requests a second that are answered when more are sent, whatever their latency."""
    core_seconds: float | None
    """Processor time of 1,000 requests at the equal rate; None where no rate was met by all."""


@dataclass(frozen=True)
class LoadResult:
    """Capacities of the original and the optimized model on one machine, under one bound."""

    bound: float
    """Seconds below which 99% of the latencies are to lie."""
    candidates: tuple[int, ...]
    """Of the requests, one for each."""
    workers: int
    """Threads that answer, each with one core."""
    capacities: tuple[Capacity, ...]
    runs: tuple[LoadRun, ...]
    """In the order in which they were made."""
    equal_rate: float | None
    """Requests a second at which processor time was compared."""
    machine: Mapping[str, str]
    generator: str
    """The load generator and its version."""
    model: str
    seed: int
    source_sha256: str = ""

    def capacity(self, arm: Arm) -> Capacity | None:
        """Return the capacity of an arm, if it was measured."""
        return next((each for each in self.capacities if each.arm == arm), None)

    @property
    def ratio(self) -> float | None:
        """How many times the original's rate the optimized model serves; None where unknown."""
        before, after = (self.capacity(arm) for arm in (Arm.ORIGINAL, Arm.MARI))
        if before is None or after is None or not before.rate:
            return None
        return after.rate / before.rate

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari load --json` writes, closed by a digest of the rest."""
        document = {"version": _VERSION, **asdict(self)}
        return {**document, "digest": digest_document(document)}

    @staticmethod
    def from_text(text: str | bytes, *, sealed: bool = False) -> LoadResult:
        """Read what `mari load --json` wrote; raises MariError for anything malformed or edited.

        Where it must be `sealed`, a file without a digest, as older versions wrote, is refused too.
        """
        try:
            return LoadResult.from_json(parse_json(text), sealed=sealed)
        except JsonError as error:
            raise MariError(
                f"load: is not JSON ({error}); give what 'mari load --json' wrote"
            ) from error

    @staticmethod
    def from_json(data: object, *, sealed: bool = False) -> LoadResult:
        """Read what `to_json` returned; raises MariError naming the field that is wrong."""
        top = JsonObject(data, "load", JsonDocument(MariError, "measure it again"))
        top.check_version(_VERSION)
        found = _read(top)
        if sealed or "digest" in top.fields:
            _check_digest(top)
        return found


def _read(top: JsonObject) -> LoadResult:
    machine = top.nested("machine", "load: machine")
    equal = top.fields.get("equal_rate")
    return LoadResult(
        bound=_amount(top, "bound"),
        candidates=tuple(_sizes(top)),
        workers=top.whole("workers", within=(1, _MOST)),
        capacities=tuple(
            _capacity(top.entry(row, f"load: capacity {at}"))
            for at, row in enumerate(top.items("capacities", most=len(Arm)))
        ),
        runs=tuple(
            _run(top.entry(row, f"load: run {at}"))
            for at, row in enumerate(top.items("runs", most=_MOST))
        ),
        equal_rate=None if equal is None else _amount(top, "equal_rate"),
        machine={str(name): machine.text(name, longest=300) for name in machine.fields},
        generator=top.text("generator", longest=300),
        model=top.text("model", longest=300),
        seed=top.whole("seed"),
        source_sha256=top.text("source_sha256", "", longest=300),
    )


def _check_digest(top: JsonObject) -> None:
    """Raise MariError where the digest is not that of all the rest."""
    rest = {name: value for name, value in top.fields.items() if name != "digest"}
    if "digest" not in top.fields:
        raise top.wrong("it has no digest, so nothing shows that it is as it was written")
    if top.fields["digest"] != digest_document(rest):
        raise top.wrong("it was changed after it was written: its digest is another one")


def _sizes(top: JsonObject) -> list[int]:
    rows = top.items("candidates", most=_MOST)
    return [top.entry({"candidates": each}, top.where).whole("candidates") for each in rows]


def _capacity(row: JsonObject) -> Capacity:
    known = row.fields.get("core_seconds") is not None
    return Capacity(
        arm=row.choice("arm", Arm),
        rate=_amount(row, "rate"),
        missed=_amount(row, "missed"),
        saturation=_amount(row, "saturation"),
        core_seconds=_amount(row, "core_seconds") if known else None,
    )


def _run(row: JsonObject) -> LoadRun:
    p50, p90, p99 = (_amount(row, name) for name in ("p50", "p90", "p99"))
    if not p50 <= p90 <= p99:
        raise row.wrong("its percentiles do not rise")
    return LoadRun(
        arm=row.choice("arm", Arm),
        stage=row.choice("stage", LoadStage),
        rate=_amount(row, "rate"),
        queries=row.whole("queries", within=(0, 10**9)),
        p50=p50,
        p90=p90,
        p99=p99,
        mean=_amount(row, "mean"),
        completed_per_second=_amount(row, "completed_per_second"),
        processor_seconds=_amount(row, "processor_seconds"),
        met=row.flag("met"),
    )


def _amount(row: JsonObject, name: str) -> float:
    found = row.number(name)
    if not 0 <= found <= _LARGEST:
        raise row.wrong(f"{name!r} is negative or too large")
    return found
