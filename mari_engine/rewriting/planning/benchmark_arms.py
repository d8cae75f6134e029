"""The arms of a benchmark: the lesser rewrites that the whole one is compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mari_engine.graph import Model
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options, Strategy
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Arm


def build_arm(
    planned: Plan, arm: Arm, report_progress: Callable[[float], None] = lambda share: None
) -> Model:
    """Return the model that one arm of a benchmark runs.

    The one-shot arm runs the user side once and splits no product. The per-fragment arm splits each
    product into one for each fragment of its columns. Neither folds tensors into weights.
    """
    if arm == Arm.ORIGINAL:
        return planned.original
    if arm == Arm.MARI:
        return planned.optimized
    strategy = Strategy(split=arm != Arm.ONE_SHOT, neat=False, fold=False)
    options = Options(
        signature=planned.signature, candidates=planned.candidates, keep=tuple(planned.keep)
    )
    made = rewrite(
        planned.original, planned.labels, options, strategy, report_progress=report_progress
    )
    return Model(made.model, f"{Path(planned.original.name).stem}.{arm}.onnx")
