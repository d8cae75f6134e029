"""Which rewrite to choose: strategies tried, costed, raced, selected and explained."""

from mari_engine.rewriting.planning.autotuning import race, race_once
from mari_engine.rewriting.planning.benchmark_arms import build_arm
from mari_engine.rewriting.planning.every_way import plan_every_way
from mari_engine.rewriting.planning.labeled_model import LabeledModel, survey_labeled
from mari_engine.rewriting.planning.plan import make_plan
from mari_engine.rewriting.planning.strategy_search import choose
from mari_engine.rewriting.planning.undivided_ops import leave_undivided

__all__ = [
    "LabeledModel",
    "build_arm",
    "choose",
    "leave_undivided",
    "make_plan",
    "plan_every_way",
    "race",
    "race_once",
    "survey_labeled",
]
