"""Small results written by hand, so that pages and views can be tested without the engine."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Any

from mari_engine.types import (
    Action,
    Arm,
    BenchmarkResult,
    Certificate,
    Check,
    Cost,
    Coverage,
    Decision,
    Flops,
    FlopsReport,
    FusionLayout,
    Interface,
    Labels,
    MissedBranch,
    OutputError,
    Segment,
    Selection,
    Side,
    Signature,
    Timing,
    Trial,
    Way,
)

FACTORS = {Arm.ORIGINAL: 1.0, Arm.ONE_SHOT: 0.8, Arm.FRAGMENTS: 0.5, Arm.MARI: 0.25}


def make_benchmark(batches: tuple[int, ...] = (100, 500, 2000), **changes: Any) -> BenchmarkResult:
    fields: dict[str, Any] = {
        "device": "cpu",
        "threads": 1,
        "batches": batches,
        "timings": tuple(make_timing(arm, batch) for batch in batches for arm in FACTORS),
        "machine": {"processor": "a test", "cores": "2"},
        "model": "ranker",
        "seed": 0,
        "copies_included": True,
    }
    return BenchmarkResult(**(fields | changes))


def make_timing(arm: Arm, batch: int) -> Timing:
    p50 = 1e-5 * batch * FACTORS[arm] + 1e-4
    return Timing(
        arm=arm,
        batch=batch,
        p50=p50,
        p90=1.2 * p50,
        p99=1.5 * p50,
        mean=1.05 * p50,
        repetitions=30,
        candidates_per_second=batch / p50,
        speedup=1 / FACTORS[arm],
        speedup_low=0.9 / FACTORS[arm],
        speedup_high=1.1 / FACTORS[arm],
        peak_memory=10_000_000,
        flops=int(1_000_000 * batch * FACTORS[arm]),
    )


def make_certificate(*, passed: bool = True) -> Certificate:
    error = OutputError("score", 3e-16, 1.8e-7, 2.1e-7, 2.4e-7, same_ranking=passed)
    checks = tuple(
        Check(batch, seed, "generated", (error,), passed, "" if passed else "score differs by 0.3")
        for seed in (0, 1)
        for batch in (1, 2, 17)
    )
    return Certificate(
        passed=passed,
        checks=checks,
        limits={"exact": 1e-12, "rounding_factor": 4.0, "rounding_floor": 1e-6},
        seeds=(0, 1),
        batches=(1, 2, 17),
        versions={"onnxruntime": "1.31", "python": "3.11"},
        exact_method="Both graphs were converted to float64.",
        contract=("input names", "output names"),
        reason="" if passed else "score differs by 0.3",
        coverage=Coverage(4, 3, (MissedBranch("pick", "Where", "true"),), ("inner",)),
    )


def make_layout(fragments: int = 4) -> FusionLayout:
    """User and item blocks of 16 columns in turn, so many of each side."""
    before = tuple(
        Segment(
            16 * at, 16 * at + 16, Side.ITEM if at % 2 else Side.REQUEST,
            f"{'item' if at % 2 else 'user'}_{at // 2}",
        )
        for at in range(2 * fragments)
    )  # fmt: skip
    ordered = sorted(before, key=lambda segment: segment.side != Side.REQUEST)
    after = tuple(
        Segment(16 * at, 16 * at + 16, segment.side, segment.source)
        for at, segment in enumerate(ordered)
    )
    return FusionLayout("/mlp/0/MatMul", before, after)


def make_plan(**changes: Any) -> Any:
    """The fields of a Plan that pages read."""
    flops = FlopsReport(
        Cost(Flops(0, 2_000_000), Flops(0, 8_000), {}), Cost(Flops(500_000, 300_000), Flops(), {})
    )
    decisions = (
        Decision("/mlp/0/MatMul", "MatMul", Action.SPLIT, "joins R and I", Flops(0, 1_700_000),
                 Flops(500_000, 100_000), ("/mlp/0/MatMul_R", "/mlp/0/MatMul_C")),
        Decision("/mlp/1/MatMul", "MatMul", Action.KEPT, "reads only C", Flops(0, 300_000),
                 Flops(0, 200_000)),
    )  # fmt: skip
    fields = {
        "labels": Labels(),
        "optimized": None,
        "decisions": decisions,
        "layout": (make_layout(),),
        "flops": flops,
        "signature": Signature.DROP_IN,
        "candidates": 500,
        "keep": (),
        "interface": Interface((), ()),
        "selection": Selection(
            Way.FOLD, "expected", "", (Trial(Way.ORIGINAL, 2e-3), Trial(Way.FOLD, 1e-3))
        ),
    }
    made = fields | changes
    return make_dataclass("HandmadePlan", list(made), eq=False)(**made)
