"""Every way to rewrite a model, planned in full, whatever is expected of it."""

from __future__ import annotations

from collections.abc import Iterator

from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.planning.cost_attribution import count_original
from mari_engine.rewriting.planning.labeled_model import LabeledModel
from mari_engine.rewriting.planning.plan import make_plan
from mari_engine.rewriting.planning.strategy_search import choice_of, try_ways
from mari_engine.types import Coloring


def plan_every_way(
    source: LabeledModel, options: Options, coloring: Coloring
) -> Iterator[tuple[Plan, bool]]:
    """Yield the plan of each way, and whether it costs other than the original; nothing is chosen.

    Of ways that come to the same cost the first is planned.
    """
    before = count_original(source.model.ir.graph, source.survey, source.form)
    for attempt in try_ways(source, options, before):
        choice = choice_of(attempt, before, options.prices)
        yield make_plan(source, options, choice, coloring), attempt.cost != before
