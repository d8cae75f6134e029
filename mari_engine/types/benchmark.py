"""What a benchmark measured: the nouns, and their JSON, which may come from another machine."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mari_engine.errors import MariError

_REMEDY = "measure it again"
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

    def to_json(self) -> dict[str, Any]:
        """Return the document that `mari bench --json` writes."""
        return {"version": 1, **dataclasses.asdict(self)}

    @staticmethod
    def from_text(text: str | bytes) -> BenchmarkResult:
        """Read a benchmark file's contents; raises MariError for anything malformed."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise MariError(
                f"benchmark: is not JSON ({error}); give what 'mari bench --json' wrote"
            ) from error
        return BenchmarkResult.from_json(data)

    @staticmethod
    def from_json(data: object) -> BenchmarkResult:
        """Read what `to_json` returned, here or on another machine.

        Raises MariError, naming the field, for anything malformed, contradictory or out of bounds.
        """
        top = _object(data, "benchmark")
        if top.get("version") != 1:
            raise MariError(f"benchmark: version is {top.get('version')!r}; {_REMEDY}")
        batches = tuple(_batch(one, "benchmark") for one in _list(top, "batches", _MOST_BATCHES))
        if not batches or len(set(batches)) < len(batches):
            raise _wrong("benchmark", "'batches' must be different numbers of candidates")
        rows = _list(top, "timings", _MOST_BATCHES * len(Arm))
        timings = [_read_timing(row, f"benchmark: timing {at}") for at, row in enumerate(rows)]
        keys = [(one.arm, one.batch) for one in timings]
        if len(set(keys)) < len(keys) or not {batch for _, batch in keys} <= set(batches):
            raise _wrong("benchmark", "'timings' must hold each arm and batch once")
        return BenchmarkResult(
            device=_text(top, "device", "benchmark"),
            threads=_whole(top, "threads", "benchmark"),
            batches=batches,
            timings=tuple(timings),
            machine=_texts(top.get("machine"), "benchmark: machine"),
            model=_text(top, "model", "benchmark"),
            seed=_whole(top, "seed", "benchmark"),
            copies_included=_flag(top, "copies_included", "benchmark"),
            skipped=_texts(top.get("skipped", {}), "benchmark: skipped"),
            peak=_read_peak(top.get("peak")),
            operators=_read_operators(top.get("operators", {})),
            source_sha256=_text(top, "source_sha256", "benchmark")
            if "source_sha256" in top
            else "",
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


def _read_timing(data: object, where: str) -> Timing:
    row = _object(data, where)
    try:
        arm = Arm(str(row.get("arm")))
    except ValueError:
        raise _wrong(where, f"unknown arm {row.get('arm')!r}") from None
    p50, p90, p99 = (_positive(row, name, where) for name in ("p50", "p90", "p99"))
    speeds = [_positive(row, f"speedup{end}", where) for end in ("_low", "", "_high")]
    if not p50 <= p90 <= p99 or speeds != sorted(speeds):
        raise _wrong(where, "its percentiles do not rise")
    samples = _list(row, "samples", _MOST_SAMPLES, where) if "samples" in row else []
    return Timing(
        arm=arm,
        batch=_batch(row.get("batch"), where),
        p50=p50,
        p90=p90,
        p99=p99,
        mean=_positive(row, "mean", where),
        repetitions=_whole(row, "repetitions", where),
        candidates_per_second=_positive(row, "candidates_per_second", where),
        speedup=speeds[1],
        speedup_low=speeds[0],
        speedup_high=speeds[2],
        peak_memory=None if row.get("peak_memory") is None else _whole(row, "peak_memory", where),
        flops=_whole(row, "flops", where),
        samples=tuple(_positive({"samples": one}, "samples", where) for one in samples),
        bytes=None if row.get("bytes") is None else _whole(row, "bytes", where),
    )


def _read_peak(data: object) -> Peak | None:
    if data is None:
        return None
    row, where = _object(data, "benchmark: peak"), "benchmark: peak"
    return Peak(
        _positive(row, "flops_per_second", where), _positive(row, "bytes_per_second", where)
    )


def _read_operators(data: object) -> dict[str, dict[str, float]]:
    where = "benchmark: operators"
    found = {}
    for arm, row in _object(data, where).items():
        if arm not in list(Arm):
            raise _wrong(where, f"unknown arm {arm[:_LONGEST]!r}")
        times = _object(row, where)
        found[arm] = {_short(name, where): _positive(times, name, where) for name in times}
    return found


def _object(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _wrong(where, "must be an object")
    if len(data) > _MOST_ENTRIES:
        raise _wrong(where, f"has more than {_MOST_ENTRIES} entries")
    return data


def _list(row: Mapping[str, Any], name: str, most: int, where: str = "benchmark") -> list[Any]:
    found = row.get(name)
    if not isinstance(found, (list, tuple)):
        raise _wrong(where, f"{name!r} must be a list")
    if len(found) > most:
        raise _wrong(where, f"{name!r} has more than {most} entries")
    return list(found)


def _positive(row: Mapping[str, Any], name: str, where: str) -> float:
    """Return a finite number that is not negative, as it stands."""
    found = row.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise _wrong(where, f"{name[:_LONGEST]!r} is missing or not a number")
    if not 0 <= found <= _LARGEST:
        raise _wrong(where, f"{name[:_LONGEST]!r} is negative or too large")
    return found


def _whole(row: Mapping[str, Any], name: str, where: str) -> int:
    found = row.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _LARGEST:
        raise _wrong(where, f"{name!r} is missing or not a whole number from 0 to {_LARGEST:.0e}")
    return found


def _flag(row: Mapping[str, Any], name: str, where: str) -> bool:
    found = row.get(name)
    if not isinstance(found, bool):
        raise _wrong(where, f"{name!r} must be true or false")
    return found


def _batch(found: object, where: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise _wrong(where, "a batch is not a whole number")
    if not 1 <= found <= _MOST_CANDIDATES:
        raise _wrong(where, f"a batch is not within 1 and {_MOST_CANDIDATES:,}")
    return found


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    found = row.get(name)
    if not isinstance(found, str):
        raise _wrong(where, f"{name!r} is missing or not a text")
    return _short(found, where)


def _short(text: str, where: str) -> str:
    if len(text) > _LONGEST:
        raise _wrong(where, f"a text is longer than {_LONGEST} characters")
    return text


def _texts(data: object, where: str) -> dict[str, str]:
    row = _object(data, where)
    return {_short(str(name), where): _text(row, name, where) for name in row}


def _wrong(where: str, what: str) -> MariError:
    return MariError(f"{where}: {what}; {_REMEDY}")
