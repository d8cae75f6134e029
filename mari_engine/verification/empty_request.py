"""The request of no candidates: answered by both models alike, wherever the original answers it."""

from __future__ import annotations

from mari_engine.errors import Cancelled, ExecutionError, LimitError
from mari_engine.feeds import FeedPlan
from mari_engine.graph import Model
from mari_engine.isolation import Isolation, start_beside
from mari_engine.ops import Trait, rule_for
from mari_engine.types import Feeds, Signature
from mari_engine.verification.case_runs import pair_results
from mari_engine.verification.judgement import TYPICAL, CaseResult
from mari_engine.verification.model_pair import ModelPair, OpenedPair, Outputs, open_own

_ENDS = frozenset({Trait.SELDOM_EMPTY, Trait.NEVER_EMPTY})
_NAMES = 3


class EmptyRequest:
    """Runs both models without candidates, in their own precision only.

    There is no element per candidate that could be inexact. Where an operator is among them for
    which onnxruntime may end the process, they run in a further one, started now, and not at all
    in the caller's own. A compact model wants the request's own row, which feeds of no rows for the
    original do not hold, and is not asked.
    """

    def __init__(self, pair: ModelPair, plan: FeedPlan) -> None:
        self._pair, self._plan = pair, plan
        self._asked = pair.signature == Signature.DROP_IN and plan.fixed_batch is None
        self._risky = find_risky(pair.original, pair.optimized) if self._asked else ()
        self._place: Isolation | None = start_beside() if self._risky else None

    def close(self) -> None:
        """End the further process."""
        if self._place is not None:
            self._place.close()

    def run(self, opened: OpenedPair, once: frozenset[str]) -> CaseResult | str:
        """Return what both models make of it, why it was not tried, or "": the original refuses it.

        `once` are the outputs of which a single row stands for all rows.
        """
        if not self._asked:
            return ""
        feeds = self._plan.draw(batch=0, seed=0)
        if not self._risky:
            return self._judged(opened.run_own(feeds), feeds, once)
        names = ", ".join(self._risky[:_NAMES])
        if self._place is None:
            return (
                "a request of no candidates was not tried: onnxruntime may end the process for "
                f"{names}; within mari.isolated() it is tried"
            )
        with self._place.used():
            try:
                before = open_own(self._pair.original).run(feeds)
            except ExecutionError:
                return ""
            except (Cancelled, LimitError):
                return (
                    "a request of no candidates was not tried: it ends the process that runs the "
                    f"original ({names})"
                )
            try:
                after: Feeds | Exception = opened.run_optimized_anew(feeds)
            except (ExecutionError, LimitError) as error:
                after = error
        return self._judged((before, after), feeds, once)

    @staticmethod
    def _judged(
        found: tuple[Feeds, Feeds | Exception] | None, feeds: Feeds, once: frozenset[str]
    ) -> CaseResult | str:
        if found is None:
            return ""
        before, after = found
        if isinstance(after, Exception):
            failure = f"the optimized model cannot run what the original runs ({after})"
            return CaseResult(0, 0, TYPICAL, {}, failure, feeds)
        results = pair_results(Outputs(before, None, {}), Outputs(after, None, {}), once)
        return CaseResult(0, 0, TYPICAL, results, feeds=feeds)


def find_risky(*models: Model) -> tuple[str, ...]:
    """Return the operators that may end the process: known ones, and all that nothing is known of.

    Those of the original's file count, as it is that file which runs.
    """
    found = {operator for model in models for operator in model.operators}
    for model in models:
        found |= {(node.domain, node.op_type) for node in model.ir.graph.all_nodes()}
    return tuple(sorted(name for domain, name in found if _is_risky(domain, name)))


def _is_risky(domain: str, name: str) -> bool:
    rule = rule_for(domain, name)
    return rule is None or not rule.traits.isdisjoint(_ENDS)
