"""Ops with subgraphs; their bodies are not declared, and a conditional may be resolved at load."""

from __future__ import annotations

from mari_engine.ops.branches import CONDITION, TRIPS
from mari_engine.ops.rule import Rule, Trait

RULES = (
    Rule("If", branches=CONDITION, traits=frozenset({Trait.CONDITIONAL})),
    Rule("Loop", branches=TRIPS),
    Rule("Scan", traits=frozenset({Trait.SELDOM_EMPTY})),
)
