"""Starts the long work: the rewrite with its check, benchmarks, load tests, measures of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mari_engine as mari
from app.jobs import Job
from app.session import Flip, NodeMeasures, Opened, Options
from app.views.labels import Part, set_role
from app.views.text import one_line, shorten


def start_check(plan: mari.Plan, requests: Sequence[Path] = ()) -> Job[mari.OptimizeResult]:
    """Verify a plan in the background, with the user's request files beside generated requests."""

    def run(progress: mari.Progress) -> mari.OptimizeResult:
        own = [mari.load_requests(path, plan.original, plan.labels) for path in requests]
        certificate = mari.certify(plan, requests=own, progress=progress)
        return mari.OptimizeResult(**vars(plan), certificate=certificate)

    return Job(run)


def start_flips(
    opened: Opened, labels: mari.Labels, parts: Sequence[Part], options: Options
) -> Job[tuple[Flip, ...]]:
    """Put each of these parts on the other side in turn, and count what a request then takes."""

    def count(tried: mari.Labels) -> int:
        made = mari.plan(
            opened.model, tried, signature=options.signature, candidates=options.candidates,
            keep=options.keep,
        )  # fmt: skip
        return made.flops.after.flops.at(options.candidates)

    def run(progress: mari.Progress) -> tuple[Flip, ...]:
        progress(0.0, "the labels as they stand")
        now = count(labels)
        found = []
        for at, part in enumerate(parts, start=1):
            progress(at / (len(parts) + 1), shorten(one_line(part.name)))
            other = mari.Role.ITEM if part.role.per_request else mari.Role.USER
            try:
                then, problem = count(set_role(labels, [part], other)), ""
            except mari.MariError as error:
                then, problem = None, str(error)
            found.append(Flip(part.name, part.role, other, now, then, problem))
        return tuple(found)

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


def start_load(
    opened: Opened, result: mari.OptimizeResult, *, p99: float, workers: int, candidates: int
) -> Job[mari.LoadResult]:
    """Find the capacity before and after in the background, alone on this server."""

    def run(progress: mari.Progress) -> mari.LoadResult:
        return mari.measure_capacity(
            opened.model, result, p99=p99, candidates=(candidates,), workers=workers,
            progress=progress,
        )  # fmt: skip

    return Job(run, alone=True)


def start_node_measures(plan: mari.Plan) -> Job[NodeMeasures]:
    """Time every node of both graphs and meter the products, in the background, alone."""

    def run(progress: mari.Progress) -> NodeMeasures:
        progress(0.0, "timing the original's nodes")
        feeds = mari.make_feeds(plan.original, plan.labels, batch=plan.candidates, seed=0)
        bound = mari.bind_feeds(feeds, plan.interface, plan.signature)
        before = mari.profile_nodes(plan.original, feeds)
        progress(0.2, "timing the optimized model's nodes")
        after = mari.profile_nodes(plan.optimized, bound)
        meter = mari.measure(plan, progress=lambda share, text: progress(0.3 + 0.7 * share, text))
        return NodeMeasures((before, after), meter)

    return Job(run, alone=True)
