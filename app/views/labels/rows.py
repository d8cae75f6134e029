"""Labels as the rows of a table, and back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.views.labels.doubts import BY_HAND, SIGNS, Part, Standing, list_parts
from app.views.palette import name_role
from app.views.text import shape
from mari_engine import Column, GraphInfo, Labels, Role

Row = dict[str, object]
ALL = "all"


def list_filters(parts: Sequence[Part]) -> dict[str, int]:
    """Return what the table can be narrowed to, with the number of its rows."""
    standings = Counter(part.standing for part in parts)
    roles = Counter(part.role for part in parts)
    return {
        ALL: len(parts),
        **{str(one): standings[one] for one in Standing if standings[one]},
        **{str(one): roles[one] for one in Role if roles[one]},
    }


def name_filter(chosen: str, rows: int) -> str:
    """Return a filter in words, with its number of rows."""
    signs = {str(standing): sign for standing, sign in SIGNS.items()}
    title = "All" if chosen == ALL else signs.get(chosen) or name_role(chosen)
    return f"{title} {rows:,}"


def narrow(parts: Sequence[Part], chosen: str) -> list[Part]:
    """Return the parts that a filter lets through."""
    return [part for part in parts if chosen in (ALL, str(part.standing), str(part.role))]


def make_rows(parts: Sequence[Part], info: GraphInfo) -> list[Row]:
    """Return the table's rows, one for each part."""
    types = {tensor.name: f"{tensor.dtype} {shape(tensor.shape)}" for tensor in info.inputs}
    return [_row(part, types.get(part.input, "?")) for part in parts]


def _row(part: Part, kind: str) -> Row:
    label = part.label
    low, high = label.range or (None, None)
    against = f"but {part.doubt}" if part.doubt else ""
    told = [text for text in label.evidence if text != against]
    return {
        "input": part.input,
        "columns": _span(label) if isinstance(label, Column) else "all",
        "name": label.name if isinstance(label, Column) else "",
        "standing": SIGNS[part.standing],
        "role": str(label.role),
        "confidence": label.confidence,
        "evidence": "; ".join(([against] if against else []) + told),
        "low": low,
        "high": high,
        "integer": label.integer,
        "type": kind,
    }


def _span(column: Column) -> str:
    last = column.stop - 1
    return str(last) if column.start == last else f"{column.start} to {last}"


def read_rows(
    labels: Labels, parts: Sequence[Part], rows: Sequence[Mapping[str, object]]
) -> tuple[Labels, list[str]]:
    """Return the labels as the edited rows say, and what in the rows is not finished.

    `parts` of these `labels` are what the rows were made from. A range with one end only is
    unfinished: the old range stands, and the second result says so.
    """
    problems: list[str] = []
    edited = dict(labels.inputs)
    for part, row in zip(parts, rows, strict=True):
        fields = _changes(part, row, problems)
        if not fields:
            continue
        fields |= {"confidence": 1.0, "evidence": BY_HAND}
        label = edited[part.input]
        if part.at is None:
            edited[part.input] = replace(label, **fields)
        else:
            columns = list(label.columns)
            columns[part.at] = replace(columns[part.at], **fields)
            edited[part.input] = replace(label, columns=tuple(columns))
    return Labels(edited), problems


def _changes(part: Part, row: Mapping[str, object], problems: list[str]) -> dict[str, Any]:
    label = part.label
    found: dict[str, Any] = {"role": Role(str(row["role"])), "integer": bool(row["integer"])}
    if isinstance(label, Column):
        found["name"] = str(row["name"] or "")
    low, high = _number(row["low"]), _number(row["high"])
    if (low is None) != (high is None):
        problems.append(f"{part.name}: the range has one end only; give both or none")
    elif low is not None and high is not None and not low < high:
        problems.append(f"{part.name}: the range must go from low to a higher end")
    else:
        found["range"] = None if low is None or high is None else (low, high)
    return {key: value for key, value in found.items() if getattr(label, key) != value}


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def count_sides(labels: Labels) -> tuple[int, int, int]:
    """Return how many parts are request side, candidate side, and doubtful."""
    parts = [part.label for part in list_parts(labels)]
    request = sum(1 for label in parts if label.role is not None and label.role.per_request)
    doubtful = sum(1 for label in parts if label.confidence < 1)
    return request, len(parts) - request, doubtful
