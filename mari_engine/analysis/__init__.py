"""Dataflow analyses: what is known of each value before the model runs, and who reads it."""

from mari_engine.analysis.candidate_axis import candidate_symbols
from mari_engine.analysis.consumers import Meeting
from mari_engine.analysis.graph_facts import Foresight, foresee
from mari_engine.analysis.value_facts import Survey, survey
from mari_engine.analysis.workload import count_cost, count_graph, extent

__all__ = [
    "Foresight",
    "Meeting",
    "Survey",
    "candidate_symbols",
    "count_cost",
    "count_graph",
    "extent",
    "foresee",
    "survey",
]
