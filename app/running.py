"""Starts the long work: the rewrite with its check, and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

import mari_engine as mari
from app.jobs import Job
from app.work import Opened


def start_check(plan: mari.Plan, requests: Sequence[mari.Feeds] = ()) -> Job[mari.OptimizeResult]:
    """Verify a plan in the background, with the user's own requests beside the generated ones."""

    def run(progress: mari.Progress) -> mari.OptimizeResult:
        certificate = mari.certify(plan, requests=requests, progress=progress)
        return mari.OptimizeResult(**vars(plan), certificate=certificate)

    return Job(run)


def start_benchmark(
    opened: Opened,
    result: mari.OptimizeResult,
    *,
    batches: Sequence[int],
    device: str,
    threads: int,
    arms: Sequence[mari.Arm] = tuple(mari.Arm),
) -> Job[mari.BenchmarkResult]:
    """Measure these arms in the background, alone on this server."""

    def run(progress: mari.Progress) -> mari.BenchmarkResult:
        return mari.benchmark(
            opened.model,
            result,
            batches=tuple(batches),
            device=device,
            threads=threads,
            arms=arms,
            insight=True,
            progress=progress,
        )

    return Job(run, alone=True)
