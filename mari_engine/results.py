"""What the stages hand on: the calling contract, the certificate, the measurements."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from mari_engine.errors import MariError

Rows = Literal["request", "candidate"]


@dataclass(frozen=True)
class InputBinding:
    """How one input of the optimized model is filled from the original's inputs.

    Take `source`, pick `columns` of its last axis when given, and keep the first row when
    `rows` is "request" and the signature is compact.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    rows: Rows
    source: str
    columns: tuple[int, ...] | None = None


@dataclass(frozen=True)
class OutputBinding:
    """One output of the optimized model, and whether it has a row per request or candidate."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class Interface:
    """The calling contract of the optimized model."""

    inputs: tuple[InputBinding, ...]
    outputs: tuple[OutputBinding, ...]


@dataclass(frozen=True)
class OutputError:
    """The largest differences of one output over all elements of one check.

    Errors are `|a - b| / max(|truth|)`, unit-free, the truth being the original evaluated in
    float64. `exact` compares original and optimized in float64; `original` and `optimized` are
    each one's rounding error in the model's own precision; None where the check had no float64.
    """

    output: str
    exact: float | None
    original: float | None
    optimized: float | None
    between: float
    """Original against optimized in the model's own precision."""
    same_ranking: bool
    """The candidates sorted by this output come in the same order, ties within rounding aside."""


@dataclass(frozen=True)
class Check:
    """One request that was run through both models."""

    batch: int
    seed: int | None
    """None when the request came from the user."""
    request: str
    """"generated", or the request file's name."""
    outputs: tuple[OutputError, ...]
    passed: bool
    reason: str = ""
    """Why it failed; empty when it passed."""


@dataclass(frozen=True)
class Certificate:
    """What was checked, with what, and how it came out."""

    passed: bool
    checks: tuple[Check, ...]
    limits: Mapping[str, float]
    """The limits that decide: "exact" and "rounding_factor" and "rounding_floor"."""
    seeds: tuple[int, ...]
    batches: tuple[int, ...]
    versions: Mapping[str, str]
    """onnxruntime, onnx, numpy, mari_engine, python, and the platform."""
    exact_method: str
    """How float64 was evaluated, in words, or why it could not be."""
    contract: tuple[str, ...] = ()
    """What was compared of the calling contract, in words."""
    notes: tuple[str, ...] = ()
    reason: str = ""
    """Why it did not pass, in one sentence; empty when it passed."""

    def to_json(self) -> dict[str, Any]:
        """Return the contents of certificate.json."""
        return {"version": 1, **dataclasses.asdict(self)}


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


@dataclass(frozen=True)
class DeviceInfo:
    """A device that benchmarks can run on, or why it cannot."""

    name: str
    """"cpu", "cuda", "tensorrt", ..."""
    provider: str
    available: bool
    reason: str
    """What makes it present, or what would."""


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
    def from_json(data: object) -> BenchmarkResult:
        """Read what `to_json` returned, here or on another machine.

        Raises MariError, naming the field, for anything malformed.
        """
        top = _object(data, "benchmark")
        if top.get("version") != 1:
            raise MariError(f"benchmark: version is {top.get('version')!r}; measure it again")
        rows = top.get("timings")
        if not isinstance(rows, (list, tuple)):
            raise MariError("benchmark: 'timings' must be a list; measure it again")
        timings = [_timing_from_json(row, f"benchmark: timing {at}") for at, row in enumerate(rows)]
        return BenchmarkResult(
            device=_field(top, "device", str, "benchmark"),
            threads=_field(top, "threads", int, "benchmark"),
            batches=tuple(_field(top, "batches", (list, tuple), "benchmark")),
            timings=tuple(timings),
            machine=_texts(top.get("machine"), "benchmark: machine"),
            model=_field(top, "model", str, "benchmark"),
            seed=_field(top, "seed", int, "benchmark"),
            copies_included=_field(top, "copies_included", bool, "benchmark"),
            skipped=_texts(top.get("skipped", {}), "benchmark: skipped"),
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


def _timing_from_json(data: object, where: str) -> Timing:
    row = _object(data, where)
    try:
        arm = Arm(str(row.get("arm")))
    except ValueError:
        raise MariError(f"{where}: unknown arm {row.get('arm')!r}; measure it again") from None
    peak = row.get("peak_memory")
    numbers = {
        name: _field(row, name, (int, float), where)
        for name in (
            "batch", "p50", "p90", "p99", "mean", "repetitions", "candidates_per_second",
            "speedup", "speedup_low", "speedup_high", "flops",
        )
    }  # fmt: skip
    samples = _field(row, "samples", (list, tuple), where) if "samples" in row else []
    return Timing(
        arm=arm,
        peak_memory=None if peak is None else _field(row, "peak_memory", int, where),
        samples=tuple(samples),
        **numbers,
    )


def _object(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise MariError(f"{where}: must be an object; measure it again")
    return data


def _field(row: Mapping[str, Any], name: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Return a field of that type (a bool is no number); raises MariError otherwise."""
    value = row.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise MariError(f"{where}: {name!r} is missing or malformed; measure it again")
    if isinstance(value, (list, tuple)) and not all(
        isinstance(item, (int, float)) for item in value
    ):
        raise MariError(f"{where}: {name!r} must hold numbers; measure it again")
    return value


def _texts(data: object, where: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in _object(data, where).items()}
