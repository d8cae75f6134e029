"""Dataflow analyses: what is known of each value before the model runs, and who reads it."""

from mari_engine.analysis.attentions import Attention
from mari_engine.analysis.axis_readings import AxisReading, fixed_axes, propose_axes, read_axes
from mari_engine.analysis.candidate_axis import (
    candidate_symbols,
    extent_names,
    survey_by_labels,
)
from mari_engine.analysis.consumers import Consumers, JoinSite
from mari_engine.analysis.fixed_counts import shared_counts
from mari_engine.analysis.graph_facts import GraphFacts, find_graph_facts
from mari_engine.analysis.layer_norms import SpelledNorm
from mari_engine.analysis.node_work import extent
from mari_engine.analysis.private_values import read_only_within
from mari_engine.analysis.row_independence import RowProof
from mari_engine.analysis.rows import is_rowwise
from mari_engine.analysis.structure import structure_of
from mari_engine.analysis.value_facts import Survey, survey_model, symbol_of
from mari_engine.analysis.workload import count_cost, count_graph

__all__ = [
    "Attention",
    "AxisReading",
    "Consumers",
    "GraphFacts",
    "JoinSite",
    "RowProof",
    "SpelledNorm",
    "Survey",
    "candidate_symbols",
    "count_cost",
    "count_graph",
    "extent",
    "extent_names",
    "find_graph_facts",
    "fixed_axes",
    "is_rowwise",
    "propose_axes",
    "read_axes",
    "read_only_within",
    "shared_counts",
    "structure_of",
    "survey_by_labels",
    "survey_model",
    "symbol_of",
]
