"""One model planned, timed beside its original, metered and checked, in a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

import mari_engine as mari
from corpus.rows import Row
from mari_engine.benchmarking.interleaved_timing import summarize, time_interleaved
from mari_engine.feeds import plan_feeds

SLOWER = 0.97
"""A speedup below it is measured again, four times as long."""
MEMORY = 12 << 30
"""Bytes of address space."""
_PATIENCE = 300.0
"""Seconds of one call while a model is checked."""
_SIDE = 768
_GEMM = f"""<ir_version: 8, opset_import: ["": 17]>
g (float[N, {_SIDE}] x) => (float[N, {_SIDE}] y)
<int64[2] extents = {{{_SIDE}, {_SIDE}}}>
{{ w = ConstantOfShape <value = float[1] {{0.5}}> (extents) y = MatMul (x, w) }}"""
"""A product that is large enough for a runtime's best rate, and small enough for each round."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a model is measured."""

    candidates: int = 500
    budget: float = 2.0
    """Seconds of interleaved rounds."""
    rounds: int | None = None
    """None: as many as fit the budget."""
    meter: bool = True
    checks: tuple[str, ...] = ("drop-in", "compact")


def measure_one(path: Path, settings: Settings) -> Row:
    """Return the row of `NAME.onnx`, labelled by `NAME.labels.json` beside it."""
    name = path.stem
    try:
        model = mari.load(path)
        labels = mari.Labels.load(path.with_suffix(".labels.json"))
        began = time.process_time()
        planned = mari.plan(model, labels, candidates=settings.candidates)
        planning = time.process_time() - began
        return Row(
            model=name, planning=planning, way=str(planned.selection.way),
            failures=tuple(planned.failures), **_timed(planned, settings),
            **(_metered(planned) if settings.meter else {}),
            checks={way: _checked(planned, way) for way in settings.checks},
        )  # fmt: skip
    except Exception as error:  # a row says what happened, and the next model is measured
        return Row(model=name, error=f"{type(error).__name__}: {error}"[:500])


def _timed(planned: mari.Plan, settings: Settings) -> dict[str, Any]:
    """Return Row's figures of time and FLOPs."""
    feeds = plan_feeds(planned.original, planned.labels).draw(batch=settings.candidates, seed=0)
    gemm = mari.load(onnx.parser.parse_model(_GEMM).SerializeToString(), name="gemm")
    square = {"x": np.ones((_SIDE, _SIDE), np.float32)}
    runs = {
        "original": _run(planned.original, feeds),
        "rewritten": _run(planned.optimized, feeds),
        "gemm": _run(gemm, square),
    }
    samples = time_interleaved(runs, budget=settings.budget, rounds=settings.rounds)
    found = summarize(samples["rewritten"], samples["original"])
    peak = 2 * _SIDE**3 / min(samples["gemm"])
    again: tuple[float, ...] = ()
    if found.speedup < SLOWER:
        runs.pop("gemm")
        longer = time_interleaved(runs, budget=4 * settings.budget, rounds=settings.rounds)
        again = (summarize(longer["rewritten"], longer["original"]).speedup,)
    before, after = (
        _products(cost, settings.candidates) for cost in (planned.flops.before, planned.flops.after)
    )
    return {
        "speedup": found.speedup, "low": found.speedup_low, "high": found.speedup_high,
        "repeated": again, "flops_before": before, "flops": after,
        "share_before": before / min(samples["original"]) / peak,
        "share": after / min(samples["rewritten"]) / peak,
    }  # fmt: skip


def _run(model: mari.Model, feeds: mari.Feeds) -> Callable[[int], float]:
    bound = mari.open_session(model, device="cpu", threads=1).bind(feeds)
    return lambda warm_ups: bound.seconds(warm_ups=warm_ups, processor=True)


def _products(cost: mari.Cost, candidates: int) -> int:
    """Return the FLOPs of products, convolutions and recurrences."""
    works = cost.works.values()
    return sum(work.products.at(candidates) + work.slices.at(candidates) for work in works)


def _metered(planned: mari.Plan) -> dict[str, Any]:
    found = mari.measure(planned)
    at = planned.candidates
    return {
        "attainable": found.attainable.at(at), "limit": found.limit.at(at),
        "reached": 0 if found.reached is None else found.reached.at(at), "notes": found.notes,
    }  # fmt: skip


def _checked(planned: mari.Plan, signature: str) -> str:
    """Return `passed`, or the first words of what the check says of this signature."""
    if signature != str(planned.signature):
        planned = mari.plan(
            planned.original, planned.labels, signature=signature, candidates=planned.candidates
        )
    with mari.isolated(seconds=_PATIENCE):  # some requests end the process that runs them
        certificate = mari.certify(planned)
    if certificate.passed:
        return "passed"
    return "; ".join(mari.certificate_in_words(certificate))[:500]


def main() -> None:
    """Print the row of the model that is named, as JSON; settings come as JSON, too."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    given = json.loads(sys.argv[2])
    settings = Settings(**{**given, "checks": tuple(given["checks"])})
    print(json.dumps(asdict(measure_one(Path(sys.argv[1]), settings))))


if __name__ == "__main__":
    main()
