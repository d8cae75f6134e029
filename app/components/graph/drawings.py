"""Drawings of a session's graphs, made once for all sessions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import mari_engine as mari
from app.jobs import Job, undisturbed
from app.services import cache_of, engine_cache
from app.session import NodeMeasures, Opened, Options, Work
from app.views.graph import (
    Drawing,
    Fold,
    Rewrite,
    clean,
    correct_sides,
    describe_weight,
    draw,
    has_scopes,
    relabel,
)

_MOST_WEIGHTS = 8
"""Weights of one node whose contents are told."""


def make_drawing(work: Work, fold: Fold) -> Drawing:
    """Return the drawing of the model; once labels are confirmed, of both graphs side by side.

    It tells what was measured of single nodes, if anything was. Raises MariError when the labels
    do not fit the model.
    """
    if work.opened is None or work.labels is None:
        raise ValueError("there is no model to draw")
    labels = work.confirmed or work.labels
    measures = work.nodes.result if work.confirmed and work.nodes else None
    options = work.options if work.confirmed else None
    stamp = measures.stamp if measures else ""
    source = _Source(work.opened, labels, measures)
    return _draw_once(source, options, fold, stamp)


def draw_ahead(work: Work) -> None:
    """Begin to draw in the background what the Graph page will show first.

    A large model is then colored and laid out by the time that someone has found the page.
    """
    if work.opened is None or work.labels is None or (work.ahead and work.ahead.active):
        return
    labels = work.confirmed or work.labels
    options = work.options if work.confirmed else None
    asked = (work.opened.key, _text(labels), options)
    if work.drawn != asked:
        work.drawn = asked
        fold = find_folds(work.opened, 0)[0]
        source = _Source(work.opened, labels, None)
        work.ahead = Job(lambda progress: _draw_once(source, options, fold, ""))
        work.watch(work.ahead)


def describe_selected(work: Work, drawing: Drawing, pane: int, at: int) -> dict[str, Any]:
    """Return the details of a vertex, with what its weights hold."""
    details = drawing.describe(pane, at)
    vertex = drawing.graphs[pane].topology.vertices[at]
    model = _model(work, pane)
    if vertex.node is not None and model is not None:
        weights = drawing.graphs[pane].topology.weights
        taken = [name for name in dict.fromkeys(vertex.node.inputs) if name in weights]
        details["weights"] = [_describe_weight(work, model, name) for name in taken[:_MOST_WEIGHTS]]
    return details


def _text(labels: mari.Labels) -> str:
    return json.dumps(labels.to_json())


def _model(work: Work, pane: int) -> mari.Model | None:
    if work.opened is None or pane == 0:
        return work.opened.model if work.opened else None
    if work.confirmed is None:
        return None
    return engine_cache.make_plan(work.opened, work.confirmed, work.options).optimized


def _describe_weight(work: Work, model: mari.Model, name: str) -> dict[str, Any]:
    try:
        return describe_weight(mari.summarize_weight(model, name))
    except mari.MariError as error:  # its data are elsewhere: the rest of the panel still stands
        return {"name": clean(name), "error": clean(work.tell(str(error)), 300)}


def find_folds(opened: Opened, most: int) -> list[Fold]:
    """Return the ways to fold this model, the best first; flat only up to `most` nodes."""
    info = engine_cache.describe(opened)
    folds = [Fold.PARTS]
    if has_scopes(info.nodes):
        folds.append(Fold.SCOPES)
    if len(info.nodes) <= most:
        folds.append(Fold.FLAT)
    return folds


@dataclass(frozen=True, eq=False)
class _Source:
    """What a drawing is made of."""

    opened: Opened
    labels: mari.Labels
    measures: NodeMeasures | None


def _draw_once(source: _Source, options: Options | None, fold: Fold, measured: str) -> Drawing:
    """Return the drawing, made by whoever asks first; `measured` tells measures apart."""
    key = (_text(source.labels), options, fold, measured)
    return cache_of(source.opened).get("drawing", key, lambda: _draw(source, options, fold))


def _draw(source: _Source, options: Options | None, fold: Fold) -> Drawing:
    opened, roles = source.opened, source.labels
    info = engine_cache.describe(opened)
    if options is None:
        with undisturbed():
            mari.check_labels(opened.model, roles)
            return draw(info, mari.color(opened.model, roles), None, fold)
    plan = engine_cache.make_plan(opened, roles, options)
    with undisturbed():
        optimized = engine_cache.describe_optimized(opened, roles, options)
        rewrite = Rewrite(
            optimized,
            _color_optimized(plan, optimized),
            plan.decisions,
            plan.flops,
            options.candidates,
            plan.layout,
            source.measures,
            _headline(plan),
        )
        return draw(info, plan.coloring, rewrite, fold)


def _headline(plan: mari.Plan) -> str:
    flops = plan.flops.before.flops, plan.flops.after.flops
    return mari.headline_in_words(plan.layout, flops, plan.selection, plan.candidates)


def _color_optimized(plan: mari.Plan, info: mari.GraphInfo) -> mari.Coloring | None:
    """Return the optimized graph's coloring; None, and a gray picture, where labels do not fit."""
    try:
        labels = relabel(plan.labels, plan.interface, plan.signature, plan.coloring)
        return correct_sides(info, mari.color(plan.optimized, labels))
    except mari.MariError:
        return None
