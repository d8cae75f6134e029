"""Capacity of an original and of its rewritten model, under one load on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from mari_engine.errors import ExecutionError
from mari_engine.feeds import bind_feeds, plan_feeds
from mari_engine.graph import Model
from mari_engine.plan_types import Plan
from mari_engine.runtime import describe_machine
from mari_engine.serving.capacity.load_server import Arms, Served
from mari_engine.serving.capacity.rate_search import search
from mari_engine.types import Arm, Feeds, Labels, LoadResult, Progress, Signature, report_nothing

_REQUESTS = 64
"""Different requests that a run chooses from."""
_GENERATOR = "mlcommons-loadgen"


def measure_capacity(
    model: Model,
    result: Plan,
    *,
    p99: float,
    candidates: Sequence[int] = (500,),
    workers: int = 2,
    seed: int = 0,
    progress: Progress | None = None,
) -> LoadResult:
    """Return how many requests a second a model serves with a p99 below a bound, before and after.

    `p99` is in seconds; `candidates` are sizes of requests, each as often as it occurs; `workers`
    threads answer on one session, a core for each. Arrivals are those of MLPerf's Server scenario,
    and the result is none of MLPerf's. Raises ExecutionError without the load generator, where a
    model cannot run, or where one is too slow for a p99 to be told.
    """
    generator = f"{_GENERATOR} {_installed_version()}"
    report_progress = progress or report_nothing
    report_progress(0.0, "drawing requests")
    requests = _draw(model, result.labels, candidates, seed)
    bind = partial(bind_feeds, interface=result.interface, signature=Signature(result.signature))
    served = {Arm.ORIGINAL: Served(model, dict), Arm.MARI: Served(result.optimized, bind)}
    arms = Arms(served, requests, workers=workers, bound=p99)
    found = search(arms.names, arms.measure, report_progress, arms.unable)
    report_progress(1.0, "done")
    return LoadResult(
        bound=p99,
        candidates=tuple(sorted(candidates)),
        workers=workers,
        capacities=found.capacities,
        runs=found.runs,
        equal_rate=found.equal_rate,
        machine=describe_machine(),
        generator=generator,
        model=model.name,
        seed=seed,
        source_sha256=model.sha256,
    )


def _installed_version() -> str:
    try:
        return version(_GENERATOR)
    except PackageNotFoundError as error:
        raise ExecutionError(
            "the load generator is not installed; run pip install 'mari-studio[load]'"
        ) from error


def _draw(model: Model, labels: Labels, candidates: Sequence[int], seed: int) -> list[Feeds]:
    """Return requests of the sizes' quantiles, of at least one size; the largest among them."""
    plan = plan_feeds(model, labels)
    sizes = sorted(candidates) if plan.fixed_batch is None else [plan.fixed_batch]
    last = _REQUESTS - 1
    picked = [sizes[round(at * (len(sizes) - 1) / last)] for at in range(_REQUESTS)]
    return [plan.draw(batch=size, seed=seed + at) for at, size in enumerate(picked)]
