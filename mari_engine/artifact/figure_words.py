"""An artifact's figures in words, as `mari check` and the app tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mari_engine.artifact.artifact_figures import ArtifactFigures
from mari_engine.artifact.conditions import Condition
from mari_engine.wording import (
    format_band,
    format_count,
    format_ratio,
    format_times,
    format_whole,
)


@dataclass(frozen=True)
class FigureWords:
    """One artifact as a row of a table."""

    model: str
    signature: str
    candidates: str
    speedup: str
    band: str
    """In 8 of 10 rounds; a dash where it was expected and not timed."""
    timed: bool
    before: str
    after: str
    fewer: str
    """FLOPs of a request, before and after, and how many times fewer."""
    checked: str
    lossless: str


def figures_in_words(found: ArtifactFigures) -> FigureWords:
    """Return an artifact's figures, each as it is told everywhere."""
    speedup = found.selection.speedup
    both = found.flops_before, found.flops_after
    before, after = (flops.at(found.candidates) for flops in both)
    low, high = (speedup.low, speedup.high) if speedup else (None, None)
    return FigureWords(
        model=found.model,
        signature=str(found.signature),
        candidates=f"{found.candidates:,}",
        speedup="–" if speedup is None else format_times(speedup.ratio),
        band="–" if low is None or high is None else format_band(low, high),
        timed=found.selection.timed,
        before=format_count(before),
        after=format_count(after),
        fewer=format_ratio(before, after),
        checked=f"{len(found.certificate.checks)}",
        lossless="yes" if found.certificate.lossless else "NO",
    )


def find_failures(
    found: ArtifactFigures, conditions: Sequence[Condition]
) -> tuple[tuple[Condition, str], ...]:
    """Return each condition with how it holds of an artifact, "" where it does not.

    Raises ModelError where the artifact does not tell a figure that is asked for.
    """
    return tuple((each, _failure(found, each)) for each in conditions)


def _failure(found: ArtifactFigures, condition: Condition) -> str:
    if not condition.holds(found):
        return ""
    return f"{condition.text} holds: {condition.field} is {format_whole(condition.shown(found))}"
