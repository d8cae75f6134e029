"""The cuts of a model's ways: each way rewritten, surveyed, opened, and posed as a cut problem."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.analysis import count_graph, survey_model
from mari_engine.coloring import color_surveyed
from mari_engine.graph import Model
from mari_engine.ops import infer_types
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.planning import leave_undivided, plan_every_way, survey_labeled
from mari_engine.serving.offload.cut_graph import FEMTO, CutGraph, Weighing, pose_cut
from mari_engine.serving.offload.frontier import sweep_cuts
from mari_engine.serving.offload.min_cut import Cut, CutProblem, measure_cut, solve_cut
from mari_engine.serving.offload.opened_products import open_products
from mari_engine.serving.offload.packed_columns import divide_packed
from mari_engine.serving.offload.sides import find_sides, is_row
from mari_engine.types import CutPoint, Frontier, Interface, Labels, Side

_STORABLE = frozenset(
    {
        ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.INT64,
        ir.DataType.INT32, ir.DataType.INT16, ir.DataType.INT8, ir.DataType.UINT8,
        ir.DataType.BOOL,
    }
)  # fmt: skip
"""The types that a table of items holds."""


@dataclass(frozen=True, eq=False)
class CutWay:
    """A model rewritten in one way, and how it may be cut."""

    plan: Plan
    found: CutGraph
    """The rewritten graph, products over item columns and others taken apart."""
    problem: CutProblem
    weighing: Weighing
    request_online: bool
    """No request part is made: its work is done online."""
    pace: Fraction = Fraction(1)
    """What the uncut model took here, by what was expected of it."""

    def reopen(self, fetched: Collection[str]) -> tuple[Plan, ir.Model, CutGraph]:
        """Return the way's plan and graph, those products taken apart that these values need."""
        return _open(self.plan, self.found.survey.symbols, fetched)

    def cut_at(self, price: Fraction) -> Cut:
        """Return the best cut where a byte costs so many femtoseconds."""
        return solve_cut(self.problem, price / self.pace)

    def uncut(self) -> Cut:
        """Return the cut that leaves all of the items' work online."""
        return measure_cut(self.problem, frozenset(op.name for op in self.problem.ops))

    def point(self, cut: Cut) -> CutPoint:
        """Return what a cut comes to."""
        online, candidates = set(cut.online), self.weighing.candidates
        running = [
            node.name or ""
            for node in self.found.graph
            if self._runs_online(self.found.sides.of_node(node), node.name or "", online)
        ]
        tables = {name for op in self.problem.ops if op.name in online for name in op.tables}
        sizes = self.found.tables_of(Side.ITEM)
        seconds = sum(self.found.seconds_online(name, self.weighing) for name in running)
        seconds += len(cut.fetched) * self.problem.tensor / FEMTO
        return CutPoint(
            way=self.plan.selection.way,
            bytes=cut.size,
            flops=sum(self.found.flops_online(name, candidates) for name in running),
            seconds=seconds * candidates * float(self.pace),
            table_bytes=sum(sizes[name] for name in tables),
            fetched=cut.fetched,
            inputs=cut.inputs,
        )

    def time(self, point: CutPoint) -> float:
        """Return the expected seconds of a cut for a request, to reach what is fetched included."""
        reach = self.weighing.reach * float(self.pace) if point.fetched else 0.0
        return point.seconds + self.weighing.candidates * reach

    def _runs_online(self, side: Side, name: str, online: Collection[str]) -> bool:
        if side == Side.REQUEST:
            return self.request_online
        return side != Side.ITEM or name in online


def list_ways(
    model: Model, labels: Labels, options: Options, weighing: Weighing, *, request_online: bool
) -> Iterator[CutWay]:
    """Yield each way to rewrite a model, ready to be cut; its signature is compact."""
    source, _ = leave_undivided(survey_labeled(model, labels, options.keep), options)
    coloring = color_surveyed(source.form.model.ir.graph, labels, source.form.survey)
    symbols = source.form.survey.symbols
    for plan, _ in plan_every_way(source, options, coloring):
        _, _, found = _open(plan, symbols)
        problem = pose_cut(found, Side.ITEM, weighing, partial(_is_storable, found))
        yield CutWay(plan, found, problem, weighing, request_online)


def _open(
    plan: Plan, symbols: frozenset[str], only: Collection[str] | None = None
) -> tuple[Plan, ir.Model, CutGraph]:
    """Return a way's graph with products taken apart, and what is known of it."""
    work = plan.optimized.ir.clone()
    survey = survey_model(Model(work, ""), symbols)
    bindings = divide_packed(work, survey, plan.interface.inputs, plan.labels)
    survey = survey_model(Model(work, ""), symbols)
    sides = find_sides(work.graph, survey, bindings, plan.labels)
    opened = open_products(work, survey, sides, only)
    passes.RemoveUnusedNodesPass()(work)
    infer_types(work)
    survey = survey_model(Model(work, ""), symbols)
    sides = find_sides(work.graph, survey, bindings, plan.labels)
    found = CutGraph(
        graph=work.graph,
        survey=survey,
        sides=sides,
        cost=count_graph(work.graph, survey),
        opened={each.item: each for each in opened},
        whole=plan.flops.after,
    )
    interface = Interface(bindings, plan.interface.outputs)
    return replace(plan, interface=interface), work, found


def _is_storable(found: CutGraph, value: ir.Value) -> bool:
    """Return True for one row an item of a type that tables hold."""
    fact = found.survey.values.get(value)
    return fact is not None and is_row(fact.axes) and value.dtype in _STORABLE


def find_frontier(ways: Sequence[CutWay], made: CutPoint | None = None) -> Frontier:
    """Return the cuts of all ways of which none has fewer bytes and takes less time.

    A cut that fetches is among them where that takes less time than the model uncut; `made` is one
    that was chosen, be it between two of the others.
    """
    whole = min((way.point(way.uncut()) for way in ways), key=lambda point: point.seconds)
    points = {
        point: None
        for way in ways
        for point in map(way.point, sweep_cuts(way.problem))
        if not point.fetched or way.time(point) < whole.seconds
    }
    points |= {made: None} if made is not None else {}
    best = list[CutPoint]()
    for point in sorted(points, key=lambda each: (each.bytes, each.seconds, each.way)):
        if not best or point.seconds < best[-1].seconds or point == made:
            best.append(point)
    reasons = {name: why for way in ways for name, why in way.found.sides.reasons.items()}
    return Frontier(ways[0].weighing.candidates, tuple(best[::-1]), whole, reasons)
