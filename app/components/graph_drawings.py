"""Drawings of a session's graphs, made once for all sessions."""

from __future__ import annotations

import json

import streamlit as st

import mari_engine as mari
from app import cached
from app.views.graph_folding import Fold, has_scopes
from app.views.graph_sides import correct_sides
from app.views.graph_views import Drawing, Rewrite, View, draw, relabel
from app.work import Opened, Options, Work


def make_drawing(work: Work, view: View, fold: Fold, *, timed: bool = False) -> Drawing:
    """Return the drawing of a view; before labels are confirmed there is only the original.

    When `timed`, every node of both graphs is timed on this machine first. Raises MariError when
    the labels do not fit the model, or the models cannot be run.
    """
    if work.opened is None or work.labels is None:
        raise ValueError("there is no model to draw")
    labels = work.confirmed or work.labels
    shown = view if work.confirmed else View.ORIGINAL
    return _draw(
        work.opened.key,
        json.dumps(labels.to_json()),
        work.options if work.confirmed else None,
        shown,
        fold,
        timed and work.confirmed is not None,
        work.opened,
        labels,
    )


def find_folds(opened: Opened, most: int) -> list[Fold]:
    """Return the ways to fold this model, the best first; flat only up to `most` nodes."""
    info = cached.describe(opened)
    folds = [Fold.PARTS]
    if has_scopes(info.nodes):
        folds.append(Fold.SCOPES)
    if len(info.nodes) <= most:
        folds.append(Fold.FLAT)
    return folds


@st.cache_resource(show_spinner="Drawing the graph", max_entries=16)
def _draw(
    key: str,
    labels: str,
    options: Options | None,
    view: View,
    fold: Fold,
    timed: bool,
    _opened: Opened,
    _labels: mari.Labels,
) -> Drawing:
    info = cached.describe(_opened)
    if options is None:
        mari.check_labels(_opened.model, _labels)
        return draw(info, mari.color(_opened.model, _labels), None, view, fold)
    plan = cached.make_plan(_opened, _labels, options)
    optimized = cached.describe_optimized(_opened, _labels, options)
    rewrite = Rewrite(
        optimized,
        _color_optimized(plan, optimized),
        plan.decisions,
        plan.flops,
        options.candidates,
        _time(key, labels, options, plan) if timed else (None, None),
    )
    return draw(info, plan.coloring, rewrite, view, fold)


@st.cache_resource(show_spinner="Timing every node", max_entries=16)
def _time(
    key: str, labels: str, options: Options, _plan: mari.Plan
) -> tuple[dict[str, float], dict[str, float]]:
    feeds = mari.make_feeds(_plan.original, _plan.labels, batch=options.candidates, seed=0)
    bound = mari.bind_feeds(feeds, _plan.interface, _plan.signature)
    return mari.profile_nodes(_plan.original, feeds), mari.profile_nodes(_plan.optimized, bound)


def _color_optimized(plan: mari.Plan, info: mari.GraphInfo) -> mari.Coloring | None:
    """Return the optimized graph's coloring; None, and a gray picture, where labels do not fit."""
    try:
        labels = relabel(plan.labels, plan.interface, plan.signature)
        return correct_sides(info, mari.color(plan.optimized, labels))
    except mari.MariError:
        return None
