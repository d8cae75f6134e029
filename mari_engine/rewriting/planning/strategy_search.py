"""Tries the ways to rewrite a model, and keeps the one that is fastest, or expected to be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mari_engine.analysis import GraphFacts, Survey, count_cost, find_graph_facts
from mari_engine.graph import SOURCE, Model, infer_shapes
from mari_engine.passes import Canonical
from mari_engine.rewriting.boundary import unchanged_boundary
from mari_engine.rewriting.context import DecisionLog, Strategy
from mari_engine.rewriting.cost import Line, Prices, faster_from, whole_line
from mari_engine.rewriting.interpreter import Rewritten, rewrite
from mari_engine.rewriting.planning.cost_attribution import Share, apportion, count_original
from mari_engine.types import Action, BreakEven, Cost, Labels, Selection, Signature, Trial, Way
from mari_engine.wording import format_seconds

_COMPARED = 4_000
"""Nodes beyond which only the first way is tried."""
_WORTH = 0.96
"""The share of the original's time that a rewrite must stay below."""
_WALKED = 0.7
"""The share of a way that has been tried when its graph is written; the rest is counting."""
_CLOSE = 1.6
"""How many times the least expected time a way may take to be timed at all."""
_HOPELESS = 1.25
"""How many times the original's expected time, beyond which a way is not timed either."""
_TIE = 1.03
"""Measured times this close to the least are noise: the least expected time then decides."""
Race = Callable[[Sequence[Model]], list[float] | None]
"""Times models that are called alike, the original first; see `racing.race_once`."""
_WAYS = {
    Way.FOLD: Strategy(),
    Way.SPLIT: Strategy(fold=False),
    Way.HOIST: Strategy(split=False, fold=False),
}


@dataclass(frozen=True, eq=False)
class Choice:
    """The rewrite that was chosen, what it costs, and how it was chosen."""

    made: Rewritten
    before: Cost
    after: Cost
    selection: Selection
    shares: Mapping[str, Share]
    """What is spent on each product of the original."""
    split: Mapping[str, Share] | None = None
    """The same for the plain split, where that is another way."""


@dataclass(frozen=True, eq=False)
class _Found:
    """One way to rewrite, tried."""

    way: Way
    made: Rewritten
    cost: Cost
    line: Line


def choose(
    model: Model,
    labels: Labels,
    survey: Survey,
    *,
    signature: Signature,
    candidates: int,
    keep: Collection[str],
    prices: Prices,
    race: Race | None = None,
    form: Canonical | None = None,
    report_progress: Callable[[float], None] = lambda share: None,
) -> Choice:
    """Return the rewrite that is expected to be fastest at this many candidates.

    `form` is what the rewriter reads. With `race` those that
    come close are timed. A drop-in model that no rewrite makes faster is left as it was.
    `report_progress` gets the share that is done (0 to 1).
    """
    form = form or Canonical(model, survey)
    before = count_original(model.ir.graph, survey, form)
    plain = whole_line(before, prices)
    write = partial(
        rewrite, form.model, labels, signature=signature, candidates=candidates, keep=keep,
        prices=prices, survey=form.survey, graph_facts=_facts(form),
    )  # fmt: skip
    ways = dict(list(_WAYS.items())[: 3 if len(before.nodes) <= _COMPARED else 1])
    found = _try(ways, write, form.survey, prices, report_progress)
    drop_in = signature == Signature.DROP_IN
    limit = plain.at(candidates) * _HOPELESS
    racing = [one for one in found if one.line.at(candidates) <= limit]
    times = _timed(model, racing, candidates, race) if racing and race and drop_in else {}
    best = _best(found, times, candidates)
    lines = [(Way.ORIGINAL, plain), *((one.way, one.line) for one in found)]
    trials = tuple(Trial(way, line.at(candidates), times.get(way)) for way, line in lines)
    selection = _selected(best, trials, candidates, prices, drop_in=drop_in)
    if selection.way == Way.ORIGINAL:
        left = _unchanged(model, labels, best.made.log, selection.reason)
        shares = apportion(left.model.graph, left.log, before, before, prices)
        return Choice(left, before, before, selection, shares)
    split = next((one for one in found if one.way == Way.SPLIT and one is not best), None)
    selection = replace(selection, break_even=_break_even(best, plain, split, trials, candidates))
    return Choice(
        best.made, before, best.cost, selection, _shares(best, before, prices),
        _shares(split, before, prices) if split is not None else None,
    )  # fmt: skip


def _facts(form: Canonical) -> GraphFacts:
    return find_graph_facts(form.model.ir.graph, form.survey)


def _try(
    ways: Mapping[Way, Strategy], write: Callable[..., Rewritten], survey: Survey, prices: Prices,
    report_progress: Callable[[float], None],
) -> list[_Found]:  # fmt: skip
    """Return the rewrites that these ways lead to, each once."""
    found = list[_Found]()
    for at, (way, strategy) in enumerate(ways.items()):
        begun, part = at / len(ways), 1 / len(ways)
        made = write(
            strategy=strategy,
            report_progress=partial(_tell_part, report_progress, begun, _WALKED * part),
        )
        report_progress(begun + _WALKED * part)
        cost = _counted(made, survey)
        if all(cost != other.cost for other in found):
            found.append(_Found(way, made, cost, whole_line(cost, prices)))
    report_progress(1.0)
    return found


def _tell_part(
    report_progress: Callable[[float], None], begun: float, part: float, share: float
) -> None:
    report_progress(begun + part * share)


def _shares(one: _Found, before: Cost, prices: Prices) -> Mapping[str, Share]:
    return apportion(one.made.model.graph, one.made.log, before, one.cost, prices)


def _timed(
    model: Model, found: Sequence[_Found], candidates: int, race: Race
) -> Mapping[Way, float]:
    """Return the measured seconds of the original and of the ways that may be the fastest."""
    least = min(one.line.at(candidates) for one in found)
    close = [one for one in found if one.line.at(candidates) <= least * _CLOSE]
    times = race([model, *(Model(one.made.model, "way") for one in close)])
    if times is None:
        return {}
    return dict(zip([Way.ORIGINAL, *(one.way for one in close)], times, strict=True))


def _best(found: Sequence[_Found], times: Mapping[Way, float], candidates: int) -> _Found:
    """Return the way that was measured fastest, or is expected to be where that says nothing."""
    timed = [one for one in found if one.way in times] or list(found)
    if times:
        least = min(times[one.way] for one in timed)
        timed = [one for one in timed if times[one.way] <= least * _TIE]
    return min(timed, key=lambda one: one.line.at(candidates))


def _selected(
    best: _Found, trials: Sequence[Trial], candidates: int, prices: Prices, *, drop_in: bool
) -> Selection:
    """Weigh the best way against the original, and say how."""
    measured = trials[0].measured is not None
    plain, own = (
        (trial.measured if measured else trial.expected) or 0.0
        for trial in (trials[0], next(trial for trial in trials if trial.way == best.way))
    )
    chosen_by = "measured" if measured else "expected"
    how = "was measured to" if measured else "is expected to"
    times = f"{format_seconds(own)} against {format_seconds(plain)} at {candidates:,} candidates"
    if own >= plain * _WORTH and drop_in:
        reason = f"every rewrite {how} take as long or longer ({times}): "
        reason += "the model is left as it was"
        return Selection(Way.ORIGINAL, chosen_by, reason, tuple(trials), None, prices.source)
    reason = f"it {how} take {times}, least of all that was tried"
    if own >= plain * _WORTH:
        reason = f"its signature was asked for, though it {how} take {times}"
    return Selection(best.way, chosen_by, reason, tuple(trials), None, prices.source)


def _break_even(
    best: _Found, plain: Line, split: _Found | None, trials: Sequence[Trial], candidates: int
) -> BreakEven:
    """Return from how many candidates on the chosen way is faster, by expected times.

    Where both ways were timed, their expected times are scaled to what was measured.
    """
    timed = {trial.way: trial.measured for trial in trials if trial.measured}

    def from_on(way: Way, other: Line) -> int | None:
        if best.way not in timed or way not in timed:
            return faster_from(best.line, other)
        lines = ((best.way, best.line), (way, other))
        return faster_from(
            *(each.times(timed[of] / max(1e-12, each.at(candidates))) for of, each in lines)
        )

    return BreakEven(
        from_on(Way.ORIGINAL, plain),
        None if split is None else from_on(split.way, split.line),
    )


def _counted(made: Rewritten, survey: Survey) -> Cost:
    optimized = Model(made.model, "")
    after = count_cost(optimized, survey.symbols)
    if after.uncounted:  # what no rule describes is counted by ONNX's shape inference
        infer_shapes(made.model)
        after = count_cost(Model(made.model, ""), survey.symbols)  # surveyed anew
    return after


def _unchanged(model: Model, labels: Labels, tried: DecisionLog, reason: str) -> Rewritten:
    """Return a copy of the model; what would have been kept anyway keeps its own reason.

    It states no shape that the file did not: runtimes fuse by them, and not always to the good.
    """
    copy = model.ir.clone()
    for node in copy.graph:
        node.metadata_props[SOURCE] = node.name or ""
        for value in node.outputs:
            stated = value.is_graph_output() or value.name in model.stated
            value.shape = value.shape if stated else None
    log = DecisionLog(failures=tried.failures)
    for node, entry in tried.entries.items():
        own = entry.action == Action.KEPT
        told = entry.reason if own else reason
        log.record(node, Action.KEPT, told, whole=own and entry.whole)
    return Rewritten(copy, unchanged_boundary(copy.graph, labels), log, Signature.DROP_IN)
