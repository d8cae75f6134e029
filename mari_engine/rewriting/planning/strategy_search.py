"""Strategy search: rewrites a model in each way, and keeps the fastest, expected or measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from onnx_ir.passes import common as passes

from mari_engine.analysis import Survey, count_cost, count_graph, find_graph_facts, survey_model
from mari_engine.axes import SEVERAL_REQUESTS
from mari_engine.graph import SOURCE, Model, value_names
from mari_engine.ops import infer_types
from mari_engine.rewriting.boundary import gather_requests, unchanged_boundary
from mari_engine.rewriting.context import DecisionLog, Options, Strategy
from mari_engine.rewriting.cost import Line, Prices, whole_line
from mari_engine.rewriting.interpreter import Rewritten, rewrite
from mari_engine.rewriting.planning.autotuning import Raced
from mari_engine.rewriting.planning.cost_attribution import (
    Share,
    attribute_costs,
    count_original,
)
from mari_engine.rewriting.planning.explanations import FIXED, fixes_candidates
from mari_engine.rewriting.planning.labeled_model import LabeledModel
from mari_engine.rewriting.planning.selection import (
    Attempt,
    add_break_even,
    attempt_of,
    fastest,
    select,
    take,
)
from mari_engine.rewriting.stacked_tables import stack_lookups
from mari_engine.types import Action, Cost, Selection, Signature, StackedLookups, Trial, Way

_COMPARED = 4_000
"""Nodes beyond which only the first way is tried."""
_WALKED = 0.7
"""The share of an attempt that is done when its graph is written; the rest is counting."""
_CLOSE = 1.6
"""How many times the least expected time a way may take to be raced at all."""
_HOPELESS = 1.25
"""How many times the original's expected time, beyond which a way is not raced either."""
Race = Callable[[Sequence[Model]], list[Raced] | None]
"""Times models that are called alike, the original first; see `autotuning.race_once`."""
_WAYS = {
    Way.FOLD: Strategy(),
    Way.KEEP_NORMS: Strategy(norms=False),
    Way.SPLIT: Strategy(fold=False),
    Way.HOIST: Strategy(split=False, fold=False),
}


@dataclass(frozen=True, eq=False)
class Choice:
    """The rewrite that was chosen, what it costs, and how it was chosen."""

    rewritten: Rewritten
    before: Cost
    after: Cost
    selection: Selection
    shares: Mapping[str, Share]
    """What is spent on each product of the original."""
    split: Mapping[str, Share] | None = None
    """The same for the plain split, where that is another way."""


def choose(
    source: LabeledModel,
    options: Options,
    *,
    folded: Rewritten | None = None,
    race: Race | None = None,
    way: Way | None = None,
    report_progress: Callable[[float], None] = lambda share: None,
) -> Choice:
    """Return the rewrite that is expected to be fastest at this many candidates.

    `folded` is the rewrite in the first way, where it was made already; it is changed. With `race`
    those that come close are timed. A drop-in model that no rewrite makes faster is left as it was.
    A `way` that is given is taken, whatever is expected of it; raises ModelError where it comes to
    the same as another. `report_progress` gets the share that is done (0 to 1).
    """
    candidates, prices = options.candidates, options.prices
    before = count_original(source.model.ir.graph, source.survey, source.form)
    plain = whole_line(before, prices)
    attempts = list(try_ways(source, options, before, folded, report_progress))
    raced = {} if way else _race_close(source.model, plain, attempts, options, race)
    measured = {each: found.seconds for each, found in raced.items()}
    best = attempt_of(way, attempts) or fastest(attempts, measured, candidates)
    lines = {Way.ORIGINAL: plain} | {one.way: one.line for one in attempts}
    trials = tuple(_trial(way, line.at(candidates), raced) for way, line in lines.items())
    given = take(way, best, trials, options) if way else None
    selection = given or select(best, trials, options)
    if selection.way == Way.ORIGINAL:
        left = _unchanged(source, best.rewritten.log, selection.reason)
        shares = attribute_costs(left.model.graph, left.log, before, before, prices)
        return Choice(left, before, before, selection, shares)
    split = next((one for one in attempts if one.way == Way.SPLIT and one is not best), None)
    selection = add_break_even(selection, best, plain, split, candidates)
    return Choice(
        best.rewritten, before, best.cost, selection, _shares(best, before, prices),
        None if split is None else _shares(split, before, prices),
    )  # fmt: skip


def _trial(way: Way, expected: float, raced: Mapping[Way, Raced]) -> Trial:
    found = raced.get(way)
    if found is None:
        return Trial(way, expected)
    return Trial(way, expected, found.seconds, found.speedup)


def _shares(one: Attempt, before: Cost, prices: Prices) -> Mapping[str, Share]:
    made = one.rewritten
    return attribute_costs(made.model.graph, made.log, before, one.cost, prices)


def choice_of(attempt: Attempt, before: Cost, prices: Prices) -> Choice:
    """Return an attempt as if it had been chosen; `before` is the original's cost."""
    selection = Selection(attempt.way, "expected", "it was asked for", (), stacked=attempt.stacked)
    shares = _shares(attempt, before, prices)
    return Choice(attempt.rewritten, before, attempt.cost, selection, shares)


def try_ways(
    source: LabeledModel,
    options: Options,
    before: Cost,
    folded: Rewritten | None = None,
    report_progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Attempt]:
    """Yield the rewrites that the ways lead to, those of equal cost once.

    `before` is the original's cost: a large graph is rewritten in the first way only. `folded` is
    that rewrite, where it was made already.
    """
    ways = dict(list(_WAYS.items())[: None if len(before.nodes) <= _COMPARED else 1])
    form, costs = source.form, list[Cost]()
    facts = find_graph_facts(form.model.ir.graph, form.survey)
    normed = False
    for at, (way, strategy) in enumerate(ways.items()):
        if way == Way.KEEP_NORMS and not normed:
            continue
        begun, part = at / len(ways), 1 / len(ways)
        rewritten, folded = folded, None
        if rewritten is None:
            rewritten = rewrite(
                form.model,
                source.labels,
                options,
                strategy,
                facts=facts,
                report_progress=partial(_report_part, report_progress, begun, _WALKED * part),
            )
        normed |= bool(rewritten.log.notes)
        report_progress(begun + _WALKED * part)
        cost, stacked = _finish(rewritten, source, options)
        if cost not in costs:
            costs.append(cost)
            yield Attempt(way, rewritten, cost, whole_line(cost, options.prices), stacked)
    report_progress(1.0)


def _report_part(
    report_progress: Callable[[float], None], begun: float, part: float, share: float
) -> None:
    report_progress(begun + part * share)


def _race_close(
    model: Model, plain: Line, attempts: Sequence[Attempt], options: Options, race: Race | None
) -> Mapping[Way, Raced]:
    """Return what was measured of the original and of the ways that may be the fastest.

    Nothing is measured where there is no race, or no choice: other signatures than the drop-in one
    are called otherwise than the original.
    """
    limit = plain.at(options.candidates) * _HOPELESS
    hopeful = [one for one in attempts if one.line.at(options.candidates) <= limit]
    if race is None or not hopeful or options.signature != Signature.DROP_IN:
        return {}
    least = min(one.line.at(options.candidates) for one in hopeful)
    close = [one for one in hopeful if one.line.at(options.candidates) <= least * _CLOSE]
    times = race([model, *(Model(one.rewritten.model, "way") for one in close)])
    if times is None:
        return {}
    return dict(zip([Way.ORIGINAL, *(one.way for one in close)], times, strict=True))


def _finish(
    made: Rewritten, source: LabeledModel, options: Options
) -> tuple[Cost, StackedLookups | None]:
    """Stack the lookups of a new graph, and return its cost with what became of them.

    What no rule describes is counted by inferred shapes, of a copy: where a graph states that a
    Normalizer's rows are as long as they were, onnxruntime writes over the ones that it reads.
    """
    model, symbols = Model(made.model, ""), source.form.survey.symbols
    survey = _survey_made(model, made, symbols)
    reserved = value_names(source.form.model.ir.graph)
    if made.boundary.batch is not None:
        pairs = zip(made.boundary.inputs, made.boundary.bindings, strict=True)
        requests = [value for value, own in pairs if own.rows == "request"]
        gather_requests(made.model.graph, survey, made.boundary.batch, requests, reserved)
        passes.RemoveUnusedNodesPass()(made.model)  # shapes of requests, where tiles have their own
        survey = _survey_made(Model(made.model, ""), made, symbols)  # anew
    stacked = stack_lookups(model, survey, options, reserved)
    if stacked is not None:
        survey = _survey_made(Model(made.model, ""), made, symbols)  # anew
    after = count_graph(made.model.graph, survey)
    if after.uncounted and made.boundary.batch is None:
        copy = made.model.clone()
        infer_types(copy)
        after = count_cost(Model(copy, ""), symbols)
    return after, stacked


def _survey_made(model: Model, made: Rewritten, symbols: frozenset[str]) -> Survey:
    """Return the survey of a new graph, which knows how candidates of several requests lie."""
    if made.boundary.batch is None:
        return survey_model(model, symbols)
    return survey_model(model, symbols, rows=SEVERAL_REQUESTS, given=made.boundary.batch.facts)


def _unchanged(source: LabeledModel, tried: DecisionLog, reason: str) -> Rewritten:
    """Return a copy of the model; what would have been kept anyway keeps its own reason.

    It states no shape that the file did not: runtimes fuse by them, and not always to the good.
    """
    copy = source.model.ir.clone()
    for node in copy.graph:
        node.metadata_props[SOURCE] = node.name or ""
        for value in node.outputs:
            stated = value.is_graph_output() or value.name in source.model.stated
            value.shape = value.shape if stated else None
    if fixes_candidates(source.labels, source.form.survey):
        reason = FIXED
    log = DecisionLog(failures=tried.failures)
    for node, entry in tried.entries.items():
        own = entry.action == Action.KEPT
        because = entry.reason if own else reason
        log.record(node, Action.KEPT, because, whole=own and entry.whole)
    boundary = unchanged_boundary(copy.graph, source.labels)
    return Rewritten(copy, boundary, log, Signature.DROP_IN)
