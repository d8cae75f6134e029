"""Redundancy of a model, measured by running it: FLOPs as exported, attainable, and reached.

For each product `[N, K] x [K, M]`: `before`, as exported; `attainable`, each multiplication as
often as one of its factors was seen to differ, norms and softmaxes taken apart and what nothing
reads left out; `limit`, by the affine rank of the operand that differs (folding); `reached`, what
the rewritten model does in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mari_engine.errors import ExecutionError, FeedError
from mari_engine.feeds import plan_feeds
from mari_engine.metering.caveats import (
    Seen,
    disproved_colors,
    random_values,
    undivided_products,
    unmeasured_bodies,
)
from mari_engine.metering.decomposed_ops import decompose_fused, join_parts
from mari_engine.metering.evidence import Evidence
from mari_engine.metering.instrumented_session import Exposed
from mari_engine.metering.label_conflicts import compare_runs, list_conflicts
from mari_engine.metering.merged_rows import merge_rows
from mari_engine.metering.probe_requests import Requester
from mari_engine.metering.probe_runs import watch
from mari_engine.metering.product_flops import Counted, count_products
from mari_engine.metering.product_measure import measure_product
from mari_engine.metering.rank_runs import Ranks, find_ranks
from mari_engine.metering.redundant_time import measure_time
from mari_engine.metering.rewritten_flops import Reached, count_reached
from mari_engine.ops import Trait, has_trait, is_product
from mari_engine.plan_types import Plan
from mari_engine.types import (
    Feeds,
    Flops,
    LabelFinding,
    Measurement,
    ProductMeasure,
    Progress,
    Side,
    TimeMeasure,
    report_nothing,
)

SEEDS = tuple(range(8))
"""Of the requests that are drawn: a unit that fires for one user in two is seen at work."""
_CANDIDATES = 3
_LENGTH = 32
"""Extent of symbols other than the candidates' in drawn requests."""


def measure(
    planned: Plan,
    *,
    requests: Sequence[Feeds] = (),
    seeds: Sequence[int] = SEEDS,
    progress: Progress | None = None,
) -> Measurement:
    """Return what the original recomputes for each candidate, found by running it.

    Each seed draws one user, who meets three candidates in requests of one candidate each: a value
    that does not differ between them need not be computed again, along whichever axis the
    candidates lie. `requests` are the user's own; labels that they contradict are reported. Times
    come from onnxruntime's profile. What cannot be measured stands in `notes`; nothing is raised
    for it.
    """
    return _Meter(planned, tuple(seeds), progress or report_nothing).run(requests)


class _Meter:
    """One measurement; `notes` collects what could not be measured, and why."""

    def __init__(self, planned: Plan, seeds: tuple[int, ...], report_progress: Progress) -> None:
        self.planned, self.seeds, self.report_progress = planned, seeds, report_progress
        self.parts = decompose_fused(planned.original, planned.optimized)
        self.model = self.parts.model
        self.notes: list[str] = []
        self.candidates = planned.candidates

    def run(self, requests: Sequence[Feeds]) -> Measurement:
        try:
            requester = self.requester()
            counted = self.count(requester)
            evidence = self.observe(requester, counted)
        except (ExecutionError, FeedError) as error:
            self.notes.append(f"nothing could be measured: {error}")
            return self.nothing()
        seen = evidence.seen
        ranks = self.ranks(requester, counted, evidence)
        reached = self.reached(requester, counted)
        measured = list(self.products(counted, evidence, ranks, reached))
        merged = merge_rows(measured, counted, evidence, ranks)
        products = tuple(join_parts(merged, self.parts))
        self.notes += undivided_products(counted, seen)
        self.notes += [*random_values(seen), *disproved_colors(seen, self.is_request_side)]
        time = self.time(requester, products, seen)
        conflicts = [each for request in requests for each in self.conflicts(requester, request)]
        self.report_progress(1.0, "measured")
        return self.summarize(products, reached, time, conflicts)

    def requester(self) -> Requester:
        plan = plan_feeds(self.model, self.planned.labels)
        if plan.fixed_batch is not None:
            self.candidates = plan.fixed_batch
        if plan.fixed_batch not in (None, 1):
            raise FeedError(
                f"the inputs are fixed at {plan.fixed_batch} candidates; let them vary with "
                "--free-batch, or export with a dynamic batch"
            )
        self.report_progress(0.0, "running the original")
        self.notes += unmeasured_bodies(self.model)
        alone = Requester(plan, self.seeds, _CANDIDATES, _LENGTH)
        twice = replace(alone, copies=2)
        if plan.fixed_batch == 1:
            self.notes.append("the batch is fixed at 1: all work is counted per candidate")
        elif not self.runs_at(alone) and self.runs_at(twice):
            self.notes.append("it cannot be run with one candidate: each was sent twice")
            return twice
        return alone

    def runs_at(self, requester: Requester) -> bool:
        try:
            Exposed(self.model, ()).run(requester.batch(requester.copies))
        except ExecutionError:
            return False
        return True

    def count(self, requester: Requester) -> tuple[Counted, ...]:
        return count_products(self.model, _runs(requester))

    def observe(self, requester: Requester, counted: Sequence[Counted]) -> Evidence:
        closely = {value for each in counted for value in each.node.inputs if value is not None}
        seen = watch(
            self.model, requester, closely, lambda s, w: self.report_progress(0.1 + 0.4 * s, w)
        )
        return Evidence.of(self.model, requester, seen)

    def ranks(self, requester: Requester, counted: Sequence[Counted], evidence: Evidence) -> Ranks:
        if requester.plan.fixed_batch is not None or requester.copies > 1:
            self.notes.append(
                "no affine rank, and norms and softmaxes are taken whole: both take runs of one "
                "candidate and of many"
            )
            return Ranks()
        try:
            return find_ranks(
                self.model,
                requester,
                counted,
                evidence,
                lambda s, w: self.report_progress(0.5 + 0.2 * s, w),
            )
        except (ExecutionError, FeedError) as error:
            self.notes.append(f"no affine rank: {error}")
            return Ranks()

    def reached(self, requester: Requester, counted: Sequence[Counted]) -> Reached | None:
        self.report_progress(0.7, "running the rewritten model")
        before = Counter[str]()
        for each in counted:
            before[self.parts.whole(each.node.name or "")] += each.work.flops if each.work else 0
        sums = {
            node.name or "" for node in self.planned.original.ir.graph if has_trait(node, Trait.SUM)
        }
        try:
            found = count_reached(self.planned, _runs(requester), before, sums)
        except (ExecutionError, FeedError) as error:
            self.notes.append(f"what was reached is not known: {error}")
            return None
        self.notes += [
            f"not counted in the rewritten model: {k} ({v})" for k, v in found.uncounted.items()
        ]
        return found

    def products(
        self, counted: Sequence[Counted], evidence: Evidence, ranks: Ranks,
        reached: Reached | None,
    ) -> Iterator[ProductMeasure]:  # fmt: skip
        decisions = {decision.node: decision for decision in self.planned.decisions}
        for each in counted:
            name = self.parts.whole(each.node.name or "")
            yield measure_product(
                each, evidence, ranks, decision=decisions.get(name),
                reached=None if reached is None else reached.nodes.get(name, Flops()),
            )  # fmt: skip

    def time(
        self, requester: Requester, products: Sequence[ProductMeasure], seen: Seen
    ) -> TimeMeasure | None:
        self.report_progress(0.75, f"profiling the original at {self.candidates:,} candidates")
        own = {value.name: found for value, found in seen.items()}
        results = [
            (node.name or "", own.get(value.name))
            for node in self.planned.original.ir.graph
            for value in node.outputs
        ]
        shares = {
            each.node: each.attainable.at(self.candidates) / max(1, each.before.at(self.candidates))
            for each in products
            if each.attainable is not None and each.before is not None
        }
        try:
            return measure_time(
                self.planned.original,
                requester.batch(self.candidates),
                candidates=self.candidates,
                varying={name for name, found in results if found is None or found.differs},
                growing={name for name, found in results if found is not None and found.grows},
                shares=shares,
            )
        except (ExecutionError, FeedError) as error:
            self.notes.append(f"no times: {error}")
            return None

    def is_request_side(self, name: str) -> bool:
        color = self.planned.coloring.values.get(name)
        return color is not None and color.side == Side.REQUEST

    def conflicts(self, requester: Requester, request: Feeds) -> Sequence[LabelFinding]:
        name = str(getattr(request, "name", "request"))
        names = [
            value.name or ""
            for node in self.model.ir.graph
            for value in node.outputs
            if self.is_request_side(value.name or "")
        ]
        try:
            return list_conflicts(requester, request, name, compare_runs(self.model, names))
        except ExecutionError as error:
            self.notes.append(f"{name} cannot be run one candidate at a time: {error}")
            return ()

    def summarize(
        self, products: tuple[ProductMeasure, ...], reached: Reached | None,
        time: TimeMeasure | None, conflicts: Sequence[LabelFinding],
    ) -> Measurement:  # fmt: skip
        measured = [each for each in products if each.before is not None]
        unmeasured = {each.node for each in products if each.before is None}
        return Measurement(
            model=self.model.name,
            candidates=self.candidates,
            seeds=self.seeds,
            products=products,
            before=_sum(each.before for each in measured),
            attainable=_sum(each.attainable for each in measured),
            limit=_sum(each.limit for each in measured),
            reached=None if reached is None else reached.total_without(unmeasured),
            time=time,
            labels=tuple(conflicts),
            notes=tuple(self.notes),
        )

    def nothing(self) -> Measurement:
        nodes = [node for node in self.planned.original.ir.graph if is_product(node)]
        products = tuple(
            ProductMeasure(node.name or "", node.op_type, unmeasured="the model could not be run")
            for node in nodes
        )
        return self.summarize(products, None, None, ())


def _runs(requester: Requester) -> Mapping[int, Feeds]:
    return {size: requester.batch(size) for size in requester.sizes}


def _sum(flops: Iterable[Flops | None]) -> Flops:
    return sum((each for each in flops if each is not None), Flops())
