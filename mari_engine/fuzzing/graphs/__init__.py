"""Random ranking graphs as exporters write them, with their labels and requests."""

from mari_engine.fuzzing.graphs.dialects import DIALECTS, Dialect
from mari_engine.fuzzing.graphs.ranking_graphs import Graph, random_graph

__all__ = ["DIALECTS", "Dialect", "Graph", "random_graph"]
