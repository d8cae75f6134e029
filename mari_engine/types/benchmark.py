"""Benchmark results, and their JSON, which may come from another machine."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mari_engine.errors import MariError
from mari_engine.types.decisions import Speedup
from mari_engine.types.json_fields import (
    JsonDocument,
    JsonError,
    JsonObject,
    is_whole,
    parse_json,
    shown,
)

_MOST_BATCHES = 64
_MOST_SAMPLES = 10_000
_MOST_ENTRIES = 200
_MOST_CANDIDATES = 10_000_000
_LARGEST = 10**21
_LONGEST = 300
"""Characters of any text: a benchmark file may come from anybody."""


class Arm(StrEnum):
    """The ways to run a model that a benchmark compares."""

    ORIGINAL = "original"
    ONE_SHOT = "one-shot"
    """The user side once, tiled before the fusion layers; nothing is split."""
    MARI = "mari"
    FRAGMENTS = "per-fragment"
    """MaRI without the neat layout: one product per fragment."""
    OFFLOADED = "offloaded"
    """The online part of an offloaded model, the fetch of items' values counted."""


@dataclass(frozen=True)
class Timing:
    """One arm at one batch size. Times in seconds, memory in bytes."""

    arm: Arm
    batch: int
    p50: float
    p90: float
    p99: float
    mean: float
    repetitions: int
    candidates_per_second: float
    speedup: float
    """Median over rounds of (original's time / this arm's time), both from the same round."""
    speedup_low: float
    """10th percentile of the same ratios."""
    speedup_high: float
    """90th percentile of the same ratios."""
    peak_memory: int | None
    flops: int
    samples: tuple[float, ...] = ()
    bytes: int | None = None
    """Read and written by all nodes, counted like FLOPs: caches may spare some. None: unknown."""

    @property
    def over_original(self) -> Speedup:
        """The speedup with its band."""
        return Speedup(self.speedup, self.speedup_low, self.speedup_high)


@dataclass(frozen=True)
class Peak:
    """What one device can do at most, measured: the two lines of a roofline."""

    flops_per_second: float
    """Of a large float32 matrix product."""
    bytes_per_second: float
    """Read and written by an elementwise node on arrays larger than its caches."""


@dataclass(frozen=True)
class BenchmarkResult:
    """Interleaved measurements of all arms on one device."""

    device: str
    threads: int
    batches: tuple[int, ...]
    timings: tuple[Timing, ...]
    machine: Mapping[str, str]
    """Processor, cores, memory, operating system, onnxruntime version."""
    model: str
    seed: int
    copies_included: bool
    """False when inputs and outputs stay on the device (IO binding)."""
    skipped: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """By arm: why it was not run (it equals another arm, for instance)."""
    peak: Peak | None = None
    """With the same threads; None where it was not measured."""
    operators: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    """By arm and operator: seconds in a request of the largest batch, the runtime's own
    optimizations off; empty where it was not measured."""
    source_sha256: str = ""
    """Of the original model; "" where it is not known."""

    def timing(self, arm: Arm, batch: int) -> Timing | None:
        """Return the measurement of one arm at one batch size, if it was made."""
        for timing in self.timings:
            if timing.arm == arm and timing.batch == batch:
                return timing
        return None

    def nearest(self, arm: Arm, candidates: int) -> Timing | None:
        """Return one arm's measurement at the batch size nearest to what a plan is made for."""
        found = [timing for timing in self.timings if timing.arm == arm]
        return min(found, key=lambda timing: abs(timing.batch - candidates), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari bench --json` writes."""
        return {"version": 1, **dataclasses.asdict(self)}

    @staticmethod
    def from_text(text: str | bytes) -> BenchmarkResult:
        """Read a benchmark file's contents; raises MariError for anything malformed."""
        try:
            return BenchmarkResult.from_json(parse_json(text))
        except JsonError as error:
            raise MariError(
                f"benchmark: is not JSON ({error}); give what 'mari bench --json' wrote"
            ) from error

    @staticmethod
    def from_json(data: object) -> BenchmarkResult:
        """Read what `to_json` returned, here or on another machine.

        Raises MariError, naming the field, for anything malformed, contradictory or out of bounds.
        """
        top = JsonObject(data, "benchmark", JsonDocument(MariError, "measure it again"))
        _check_size(top)
        top.check_version(1)
        batches = tuple(_batch(one, top) for one in _items(top, "batches", _MOST_BATCHES))
        if not batches or len(set(batches)) < len(batches):
            raise top.wrong("'batches' must be different numbers of candidates")
        rows = _items(top, "timings", _MOST_BATCHES * len(Arm))
        timings = tuple(
            _timing(top.entry(row, f"benchmark: timing {at}")) for at, row in enumerate(rows)
        )
        keys = [(one.arm, one.batch) for one in timings]
        if len(set(keys)) < len(keys) or not {batch for _, batch in keys} <= set(batches):
            raise top.wrong("'timings' must hold each arm and batch once")
        return BenchmarkResult(
            device=_text(top, "device"),
            threads=_whole(top, "threads"),
            batches=batches,
            timings=timings,
            machine=_texts(top.nested("machine", "benchmark: machine")),
            model=_text(top, "model"),
            seed=_whole(top, "seed"),
            copies_included=top.flag("copies_included"),
            skipped=_texts(_optional(top, "skipped")),
            peak=_peak(top),
            operators=_operators(_optional(top, "operators")),
            source_sha256=_text(top, "source_sha256") if "source_sha256" in top.fields else "",
        )

    def to_csv(self) -> str:
        """Return a table with one row for each arm and batch; times in seconds, memory in bytes."""
        fields = [item.name for item in dataclasses.fields(Timing) if item.name != "samples"]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["model", "device", "threads", *fields])
        # A spreadsheet would run a model name that starts like a formula.
        name = f"'{self.model}" if self.model.startswith(("=", "+", "-", "@")) else self.model
        for timing in self.timings:
            values = [getattr(timing, field) for field in fields]
            writer.writerow([name, self.device, self.threads, *values])
        return text.getvalue()


def _timing(row: JsonObject) -> Timing:
    arm = row.choice("arm", Arm)
    p50, p90, p99 = (_positive(row, name) for name in ("p50", "p90", "p99"))
    speeds = [_positive(row, f"speedup{end}") for end in ("_low", "", "_high")]
    if not p50 <= p90 <= p99 or speeds != sorted(speeds):
        raise row.wrong("its percentiles do not rise")
    samples = _items(row, "samples", _MOST_SAMPLES) if "samples" in row.fields else []
    return Timing(
        arm=arm,
        batch=_batch(row.fields.get("batch"), row),
        p50=p50,
        p90=p90,
        p99=p99,
        mean=_positive(row, "mean"),
        repetitions=_whole(row, "repetitions"),
        candidates_per_second=_positive(row, "candidates_per_second"),
        speedup=speeds[1],
        speedup_low=speeds[0],
        speedup_high=speeds[2],
        peak_memory=_whole_or_none(row, "peak_memory"),
        flops=_whole(row, "flops"),
        samples=tuple(
            _positive(row.entry({"samples": one}, row.where), "samples") for one in samples
        ),
        bytes=_whole_or_none(row, "bytes"),
    )


def _peak(top: JsonObject) -> Peak | None:
    if top.fields.get("peak") is None:
        return None
    row = top.nested("peak", "benchmark: peak")
    return Peak(_positive(row, "flops_per_second"), _positive(row, "bytes_per_second"))


def _operators(by_arm: JsonObject) -> dict[str, dict[str, float]]:
    _check_size(by_arm)
    found = {}
    for arm, row in by_arm.fields.items():
        if arm not in list(Arm):
            raise by_arm.wrong(f"unknown arm {shown(arm)}")
        times = by_arm.entry(row, by_arm.where)
        _check_size(times)
        found[arm] = {_short(name, times): _positive(times, name) for name in times.fields}
    return found


def _optional(top: JsonObject, name: str) -> JsonObject:
    """Return an object that earlier versions did not write."""
    return top.entry(top.fields.get(name, {}), f"benchmark: {name}")


def _check_size(row: JsonObject) -> None:
    if len(row.fields) > _MOST_ENTRIES:
        raise row.wrong(f"has more than {_MOST_ENTRIES} entries")


def _items(row: JsonObject, name: str, most: int) -> list[Any]:
    found = row.items(name)
    if len(found) > most:
        raise row.wrong(f"{name!r} has more than {most} entries")
    return found


def _positive(row: JsonObject, name: str) -> float:
    """Return a finite number that is not negative, as it stands."""
    found = row.number(name)
    if not 0 <= found <= _LARGEST:
        raise row.wrong(f"{shown(name)} is negative or too large")
    return found


def _whole(row: JsonObject, name: str) -> int:
    return row.whole(name, within=(0, _LARGEST))


def _whole_or_none(row: JsonObject, name: str) -> int | None:
    return None if row.fields.get(name) is None else _whole(row, name)


def _batch(found: object, row: JsonObject) -> int:
    if not is_whole(found):
        raise row.wrong("a batch is not a whole number")
    if not 1 <= found <= _MOST_CANDIDATES:
        raise row.wrong(f"a batch is not within 1 and {_MOST_CANDIDATES:,}")
    return found


def _text(row: JsonObject, name: str) -> str:
    return _short(row.text(name), row)


def _short(text: str, row: JsonObject) -> str:
    if len(text) > _LONGEST:
        raise row.wrong(f"a text is longer than {_LONGEST} characters")
    return text


def _texts(row: JsonObject) -> dict[str, str]:
    _check_size(row)
    return {_short(str(name), row): _text(row, name) for name in row.fields}
