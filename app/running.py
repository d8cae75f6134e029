"""Starts the long work: the rewrite with its check, and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

import mari_engine as mari
from app.jobs import Job
from app.work import Opened, Options


def start_check(opened: Opened, labels: mari.Labels, options: Options) -> Job[mari.OptimizeResult]:
    """Rewrite and verify in the background."""

    def run(progress: mari.Progress) -> mari.OptimizeResult:
        return mari.optimize(
            opened.model,
            labels,
            signature=options.signature,
            candidates=options.candidates,
            keep=options.keep,
            progress=progress,
        )

    return Job(run)


def start_benchmark(
    opened: Opened,
    result: mari.OptimizeResult,
    *,
    batches: Sequence[int],
    device: str,
    threads: int,
) -> Job[mari.BenchmarkResult]:
    """Measure all arms in the background, alone on this server."""

    def run(progress: mari.Progress) -> mari.BenchmarkResult:
        return mari.benchmark(
            opened.model,
            result,
            batches=tuple(batches),
            device=device,
            threads=threads,
            progress=progress,
        )

    return Job(run, alone=True)
