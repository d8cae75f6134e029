"""The analyses of a graph, made once for all ways of rewriting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis.attentions import Attention, find_attentions
from mari_engine.analysis.column_liveness import Liveness
from mari_engine.analysis.consumers import Consumers
from mari_engine.analysis.layer_norms import SpelledNorm, find_norms
from mari_engine.analysis.value_facts import Survey


@dataclass(frozen=True, eq=False)
class GraphFacts:
    """What a rewrite looks up: the survey of values, and what the nodes that read them need."""

    survey: Survey
    consumers: Consumers
    liveness: Liveness
    norms: Mapping[ir.Node, SpelledNorm]
    """By node: the spelled-out norm that it is a step of."""
    attentions: Mapping[ir.Node, Attention]
    """By node: the attention that it is a step of."""


def find_graph_facts(graph: ir.Graph, survey: Survey) -> GraphFacts:
    """Return the analyses of a graph, which may serve several rewrites of it."""
    attentions = find_attentions(graph, survey)
    return GraphFacts(
        survey,
        Consumers(graph, survey, attentions),
        Liveness(graph, survey),
        find_norms(graph, survey),
        attentions,
    )
