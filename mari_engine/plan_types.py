"""A rewritten model with all that was decided, before its check (Plan) and after (CheckedPlan).

The nouns lie below what makes and what checks them, so that a check imports no rewriter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mari_engine.graph import Model
from mari_engine.types import (
    Certificate,
    Coloring,
    Decision,
    FlopsReport,
    FusionLayout,
    Interface,
    Labels,
    Selection,
    Signature,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """A rewritten model that has not been verified."""

    original: Model
    optimized: Model
    labels: Labels
    signature: Signature
    candidates: int
    keep: tuple[str, ...]
    coloring: Coloring
    decisions: tuple[Decision, ...]
    layout: tuple[FusionLayout, ...]
    flops: FlopsReport
    selection: Selection
    interface: Interface
    elapsed: float
    """Seconds that planning took."""
    autotune: bool = False
    """The ways to rewrite were timed on this machine, not compared by expectation."""
    prices: Mapping[str, float | str] = field(default_factory=dict)
    """What expected times went by: seconds of each kind of work, by name."""
    like: str = ""
    """SHA-256 of the manifest of the artifact that the choices were taken from; "" of none."""
    failures: tuple[str, ...] = ()
    """Nodes that were kept because the rewriter itself failed at them: defects to report."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckedPlan(Plan):
    """A rewritten model and the certificate of its check, passed or not."""

    certificate: Certificate
