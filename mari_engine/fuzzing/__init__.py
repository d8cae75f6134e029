"""Random ranking graphs through the engine: written, rewritten in every way, judged, shrunk."""

from mari_engine.fuzzing.cases import Case, case_of, dialect_of
from mari_engine.fuzzing.examination import Examination, Outcome, examine
from mari_engine.fuzzing.failures import Failure, check_places, write_failure
from mari_engine.fuzzing.graphs import DIALECTS, Dialect, Graph, random_graph
from mari_engine.fuzzing.shrinking import shrink
from mari_engine.fuzzing.tally import Tally
from mari_engine.fuzzing.workers import Examined, examine_seed, examine_seeds

__all__ = [
    "DIALECTS",
    "Case",
    "Dialect",
    "Examination",
    "Examined",
    "Failure",
    "Graph",
    "Outcome",
    "Tally",
    "case_of",
    "check_places",
    "dialect_of",
    "examine",
    "examine_seed",
    "examine_seeds",
    "random_graph",
    "shrink",
    "write_failure",
]
