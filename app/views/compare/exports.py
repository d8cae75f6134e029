"""Several exports as a table, and the conditions that they are held to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.views.text import count
from mari_engine import ArtifactFigures, Condition, figures_in_words, find_failures, read_condition

Row = dict[str, object]


def read_conditions(text: str) -> tuple[Condition, ...]:
    """Return the conditions in a line, between commas or semicolons; MariError for another text."""
    return tuple(read_condition(one) for one in re.split(r"[,;\n]", text) if one.strip())


def export_rows(found: Mapping[str, ArtifactFigures], conditions: Sequence[Condition]) -> list[Row]:
    """Return one row an export, by name, with the conditions that fail it where any are given.

    Raises ModelError where an export does not tell a figure that is asked for.
    """
    return [_row(name, figures, conditions) for name, figures in found.items()]


def _row(name: str, figures: ArtifactFigures, conditions: Sequence[Condition]) -> Row:
    words = figures_in_words(figures)
    failures = [text for _, text in find_failures(figures, conditions) if text]
    row: Row = {
        "export": name,
        "model": words.model,
        "signature": words.signature,
        "lossless": words.lossless,
        "candidates": words.candidates,
        "FLOPs before": words.before,
        "after": words.after,
        "fewer": words.fewer,
        "speedup": words.speedup,
        "8 of 10 rounds": words.band,
        "measured": "timed" if words.timed else "expected",
    }
    return row | ({"fails by": "; ".join(failures)} if conditions else {})


def export_verdict(rows: Sequence[Row]) -> str:
    """Return in a sentence how many exports a condition fails."""
    failed = sum(bool(row.get("fails by")) for row in rows)
    if failed:
        return f"A condition holds of {failed:,} of {count(len(rows), 'export')}."
    return f"No condition holds of any of {count(len(rows), 'export')}."
