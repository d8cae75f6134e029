"""The arms of a benchmark: each one's model, how it is fed, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mari_engine.analysis import count_cost, survey_by_labels
from mari_engine.benchmarking.arm_timing import PreparedArm
from mari_engine.feeds import bind_feeds
from mari_engine.graph import Model, digest_graph
from mari_engine.plan_types import Plan
from mari_engine.rewriting.planning import build_arm
from mari_engine.types import Arm, Feeds, Signature

ARMS = (Arm.ORIGINAL, Arm.ONE_SHOT, Arm.MARI, Arm.FRAGMENTS)
"""Those that a plan leads to."""


def prepare_arms(
    model: Model, result: Plan, arms: Sequence[Arm], report_progress: Callable[[str], None]
) -> tuple[list[PreparedArm], dict[str, str]]:
    """Return the arms to run, in their usual order, and why others are not run.

    The original is always run, and MaRI wherever it is asked for: the others are compared to them.
    """
    symbols = survey_by_labels(model, result.labels).symbols
    chosen = {Arm.ORIGINAL: PreparedArm(Arm.ORIGINAL, model, dict, result.flops.before)}
    known = {digest_graph(model): Arm.ORIGINAL}
    skipped: dict[str, str] = {}
    for arm in (Arm.MARI, Arm.ONE_SHOT, Arm.FRAGMENTS):
        if arm not in arms:
            continue
        if arm != Arm.MARI and result.signature == Signature.BATCHED:
            skipped[arm] = "it is of one request a call"
            continue
        report_progress(f"building the arm {arm}")
        built = result.optimized
        if arm != Arm.MARI:
            built = build_arm(result, arm, partial(_report_built, report_progress, arm))
        twin = known.setdefault(digest_graph(built), arm)
        if twin != arm and arm != Arm.MARI:
            skipped[arm] = f"the same graph as {twin}"
            continue
        cost = result.flops.after if arm == Arm.MARI else count_cost(built, symbols)
        chosen[arm] = PreparedArm(arm, built, _binder(built, result), cost)
    return [chosen[arm] for arm in ARMS if arm in chosen], skipped


def _report_built(report_progress: Callable[[str], None], arm: Arm, share: float) -> None:
    report_progress(f"building the arm {arm}: {share:.0%} of its nodes")


def _binder(built: Model, result: Plan) -> Callable[[Feeds], Feeds]:
    """Return how an arm is fed: by the interface when it has its inputs, else as the original."""
    names = {value.name for value in built.ir.graph.inputs}
    if names == {item.name for item in result.interface.inputs}:
        signature = Signature(result.signature)
        return partial(bind_feeds, interface=result.interface, signature=signature)
    return dict
