"""Exports that were given to be compared as a table."""

from __future__ import annotations

from dataclasses import dataclass

from mari_engine import ArtifactFigures


@dataclass(frozen=True)
class Export:
    """One artifact: its figures, or why they cannot be told."""

    name: str
    figures: ArtifactFigures | None
    problem: str = ""
