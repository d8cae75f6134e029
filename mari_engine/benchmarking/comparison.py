"""Original, one-shot, MaRI and MaRI without the neat layout, timed on the same requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mari_engine.analysis import candidate_symbols, count_cost
from mari_engine.benchmarking.arm_timing import Contender, Settings, race
from mari_engine.benchmarking.roofline import measure_peak
from mari_engine.feeds import bind_feeds, plan_feeds
from mari_engine.graph import Model, digest_graph
from mari_engine.plan_types import Plan
from mari_engine.rewriting.planning import build_arm
from mari_engine.runtime import describe_machine, find_device, time_operators
from mari_engine.types import Arm, BenchmarkResult, Feeds, Progress, Signature

ARMS = (Arm.ORIGINAL, Arm.ONE_SHOT, Arm.MARI, Arm.FRAGMENTS)
_BEFORE_AND_AFTER = (Arm.ORIGINAL, Arm.MARI)
_INSIGHT_FROM = 0.85
"""The share of the work that is done when all arms are timed."""
_PEAK_FROM = 0.95
_RUNS = 10


def benchmark(
    model: Model,
    result: Plan,
    *,
    batches: Sequence[int] = (100, 500, 2000),
    device: str = "cpu",
    threads: int = 1,
    arms: Sequence[Arm] = ARMS,
    repetitions: int | None = None,
    budget: float = 6.0,
    memory: bool = True,
    insight: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> BenchmarkResult:
    """Return interleaved measurements of the arms; the original is always among them.

    With `insight` also the time of each operator before and after, at the largest batch, and the
    device's peak of arithmetic and of memory traffic, all with the same threads.

    `repetitions` None: as many rounds as fit `budget`, in seconds, at each batch size. Latency is
    of one request after warm-up, all else idle; throughput is that of one request at a time. An arm
    that is the same graph as another is skipped, with the reason. Raises ExecutionError for a
    device that is absent or refuses a model.
    """
    report_progress = progress or _say_nothing
    remote = find_device(device).memory != "cpu"
    contenders, skipped = _contenders(model, result, arms, lambda what: report_progress(0.0, what))
    plan = plan_feeds(model, result.labels)
    sizes = tuple(dict.fromkeys(batches if plan.fixed_batch is None else (plan.fixed_batch,)))
    requests = {batch: plan.draw(batch=batch, seed=seed) for batch in sizes}
    settings = Settings(
        device=device, threads=threads, repetitions=repetitions, budget=budget, memory=memory
    )
    timings = race(
        contenders, requests, settings, _up_to(_INSIGHT_FROM if insight else 1.0, report_progress)
    )
    deeper = (
        _look_deeper(contenders, requests[max(sizes)], settings, report_progress) if insight else {}
    )
    report_progress(1.0, "done")
    return BenchmarkResult(
        device=device, threads=threads, batches=sizes,
        timings=timings,
        machine=describe_machine(),
        model=model.name,
        seed=seed,
        copies_included=device != "cpu" and not remote,
        skipped=skipped,
        source_sha256=model.sha256,
        **deeper,
    )  # fmt: skip


def _look_deeper(
    contenders: Sequence[Contender], request: Feeds, settings: Settings, report_progress: Progress
) -> dict[str, Any]:
    """Return the fields that tell where the time goes, and what the device could do."""
    operators = {}
    for item in contenders:
        if item.arm in _BEFORE_AND_AFTER:
            report_progress(_INSIGHT_FROM, f"timing the operators of {item.arm}")
            operators[str(item.arm)] = time_operators(
                item.model, item.bind(request), runs=_RUNS, threads=settings.threads,
                device=settings.device,
            )  # fmt: skip
    report_progress(_PEAK_FROM, f"measuring what {settings.device} can do at most")
    peak = measure_peak(device=settings.device, threads=settings.threads)
    return {"operators": operators, "peak": peak}


def _up_to(most: float, report_progress: Progress) -> Progress:
    """Return a progress that ends at this share of another."""
    return lambda share, what: report_progress(most * share, what)


def _say_nothing(_share: float, _message: str) -> None:
    pass


def _contenders(
    model: Model, result: Plan, arms: Sequence[Arm], report_progress: Callable[[str], None]
) -> tuple[list[Contender], dict[str, str]]:
    """Return the arms to run, in their usual order, and why others are not run.

    The original is always run, and MaRI wherever it is asked for: the others are compared to them.
    """
    symbols = candidate_symbols(model, result.labels)
    chosen = {Arm.ORIGINAL: Contender(Arm.ORIGINAL, model, dict, result.flops.before)}
    known = {digest_graph(model): Arm.ORIGINAL}
    skipped: dict[str, str] = {}
    for arm in (Arm.MARI, Arm.ONE_SHOT, Arm.FRAGMENTS):
        if arm not in arms:
            continue
        report_progress(f"building the arm {arm}")
        built = result.optimized
        if arm != Arm.MARI:
            built = build_arm(result, arm, partial(_tell_built, report_progress, arm))
        twin = known.setdefault(digest_graph(built), arm)
        if twin != arm and arm != Arm.MARI:
            skipped[arm] = f"the same graph as {twin}"
            continue
        cost = result.flops.after if arm == Arm.MARI else count_cost(built, symbols)
        chosen[arm] = Contender(arm, built, _binder(built, result), cost)
    return [chosen[arm] for arm in ARMS if arm in chosen], skipped


def _tell_built(report_progress: Callable[[str], None], arm: Arm, share: float) -> None:
    report_progress(f"building the arm {arm}: {share:.0%} of its nodes")


def _binder(built: Model, result: Plan) -> Callable[[Feeds], Feeds]:
    """Return how an arm is fed: by the interface when it has its inputs, else as the original."""
    names = {value.name for value in built.ir.graph.inputs}
    if names == {item.name for item in result.interface.inputs}:
        signature = Signature(result.signature)
        return partial(bind_feeds, interface=result.interface, signature=signature)
    return dict
