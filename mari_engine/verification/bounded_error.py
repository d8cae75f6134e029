"""How far a model that rounds on purpose is from its original: measured on requests, not proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.feeds import bind_feeds, plan_feeds
from mari_engine.graph import Model
from mari_engine.types import ErrorBound, Feeds, Interface, Labels, Signature
from mari_engine.verification.cases import drawn_cases, own_cases
from mari_engine.verification.distances import same_ranking
from mari_engine.verification.model_pair import open_own
from mari_engine.verification.staged_session import Stage, StagedSession


@dataclass
class _Worst:
    """What was seen of one output so far."""

    absolute: float = 0.0
    largest: float = 0.0
    requests: int = 0
    reordered: int = 0
    broken: str = ""

    def see(self, before: np.ndarray, after: np.ndarray) -> None:
        one, other = before.astype(np.float64), after.astype(np.float64)
        finite = np.isfinite(one)
        self.requests += 1
        if one.shape != other.shape or not np.array_equal(finite, np.isfinite(other)):
            self.broken = self.broken or "another shape, or infinity or NaN, in only one of the two"
            return
        apart = np.abs(one[finite] - other[finite])
        self.absolute = max(self.absolute, float(apart.max(initial=0.0)))
        self.largest = max(self.largest, float(np.abs(one[finite]).max(initial=0.0)))
        self.reordered += not same_ranking(before, after, 0.0)


def measure_bounds(
    original: Model,
    stages: Sequence[Stage],
    labels: Labels,
    interface: Interface,
    *,
    requests: Sequence[Feeds] = (),
) -> tuple[tuple[ErrorBound, ...], str]:
    """Return the largest error of each output over the check's requests, and what is beyond bounds.

    The stages take the compact feeds of an interface; both run in their own precision. "" where
    each output is finite wherever the original's is. Raises ExecutionError where the original
    runs none of the requests.
    """
    plan = plan_feeds(original, labels)
    batches = (plan.fixed_batch,) if plan.fixed_batch is not None else (1, 2, 3, 17, 128)
    cases = [*own_cases(plan, requests, original), *drawn_cases(plan, batches, (0, 1))]
    first, second = open_own(original), StagedSession(stages)
    once = {item.name for item in interface.outputs if item.rows == "request"}
    found = dict[str, _Worst]()
    for case in cases:
        try:
            before = first.run(case.feeds)
        except ExecutionError:
            continue
        after = second.run(bind_feeds(case.feeds, interface, Signature.COMPACT))
        for name, truth in before.items():
            given = np.broadcast_to(after[name], truth.shape) if name in once else after[name]
            found.setdefault(name, _Worst()).see(truth, given)
    if not found:
        raise ExecutionError(
            f"{original.name}: runs none of the generated requests, so that no error can be "
            "measured; give one that it takes (--request FILE.npz)"
        )
    problem = next((f"output {name!r}: {w.broken}" for name, w in found.items() if w.broken), "")
    return tuple(
        ErrorBound(name, w.absolute, w.absolute / (w.largest or 1.0), w.requests, w.reordered)
        for name, w in found.items()
    ), problem
