"""Fused ops that stay whole: those of which a rewrite would take nothing apart.

    Attention(Q, K, V) of the request, or of candidates, alone  ->  the same op, on one row or N

Passes decompose an attention, since K and V may be the request's and Q the candidates'. Where all
of its products come to run once, or all of them per candidate, runtimes have a kernel for it that
is faster than its parts (0.7 to 0.9 of their time), and it goes through the rewrite as one op.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import onnx_ir as ir

from mari_engine.analysis import find_graph_facts
from mari_engine.graph import stands_for
from mari_engine.ops import Trait, has_trait
from mari_engine.rewriting.context import DecisionLog, Options
from mari_engine.rewriting.interpreter import Rewritten, rewrite
from mari_engine.rewriting.planning.labeled_model import LabeledModel, canonical_form
from mari_engine.types import Action


def leave_undivided(
    source: LabeledModel, options: Options
) -> tuple[LabeledModel, Rewritten | None]:
    """Return the model with those fused ops in one that a rewrite would not take apart.

    Where it is as it came, a rewrite in the first way that showed so is returned with it.
    """
    divided = _divided(source)
    if not divided:
        return source, None
    graph, survey = source.form.model.ir.graph, source.form.survey
    facts = find_graph_facts(graph, survey)
    tried = rewrite(source.form.model, source.labels, options, facts=facts)
    whole = divided & _undivided(tried.log)
    if not whole:
        return source, tried
    keep = {*options.keep, *whole}
    form = canonical_form(source.model, source.labels, source.survey, keep, options.signature)
    return replace(source, form=form), None


def _divided(source: LabeledModel) -> set[str]:
    """Return the names of fused ops that have factors of their own, and were decomposed."""
    left = {node.name for node in _fused_nodes(source.form.model.ir.graph)}
    fused = _fused_nodes(source.model.ir.graph)
    return {
        node.name or "" for node in fused if node.name not in left and node in source.survey.specs
    }


def _fused_nodes(graph: ir.Graph) -> list[ir.Node]:
    return [node for node in graph if has_trait(node, Trait.FASTER_WHOLE)]


def _undivided(log: DecisionLog) -> set[str]:
    """Return the names of the original's nodes of which all products came to run alike, whole."""
    found: dict[str, set[Action]] = defaultdict(set)
    for node, entry in log.entries.items():
        found[stands_for(node)].add(entry.action)
    alone: tuple[set[Action], ...] = ({Action.KEPT}, {Action.ONCE})
    return {name for name, actions in found.items() if actions in alone}
