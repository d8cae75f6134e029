"""Which rewrite to choose: strategies tried, costed, raced, selected and explained."""

from mari_engine.rewriting.planning.autotuning import race_once
from mari_engine.rewriting.planning.benchmark_arms import build_arm
from mari_engine.rewriting.planning.labelled_model import LabelledModel, survey_labelled
from mari_engine.rewriting.planning.plan import make_plan
from mari_engine.rewriting.planning.strategy_search import choose

__all__ = [
    "LabelledModel",
    "build_arm",
    "choose",
    "make_plan",
    "race_once",
    "survey_labelled",
]
