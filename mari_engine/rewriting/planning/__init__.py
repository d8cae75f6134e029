"""Which rewrite to choose: strategies compared, raced and explained."""

from mari_engine.rewriting.planning.autotuning import race_once
from mari_engine.rewriting.planning.benchmark_arms import build_arm
from mari_engine.rewriting.planning.cost_attribution import decide
from mari_engine.rewriting.planning.explanations import Reasons
from mari_engine.rewriting.planning.side_marks import mark_sides
from mari_engine.rewriting.planning.strategy_search import Choice, choose

__all__ = ["Choice", "Reasons", "build_arm", "choose", "decide", "mark_sides", "race_once"]
