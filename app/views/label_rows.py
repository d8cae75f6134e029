"""Labels as the rows of a table, and back; labels changed in bulk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from app.views.text import count, shape
from mari_engine import Column, GraphInfo, InputLabel, LabelError, Labels, Role

Row = dict[str, object]
BY_HAND = ("set by hand",)


@dataclass(frozen=True)
class Part:
    """What one row stands for: a whole input, or a range of its columns."""

    input: str
    at: int | None
    """The place among the input's columns; None for a whole input."""
    label: InputLabel | Column

    @property
    def name(self) -> str:
        """The input's name, with the column's when there is one."""
        own = self.label.name if isinstance(self.label, Column) else ""
        return f"{self.input}/{own}" if own else self.input


def list_parts(labels: Labels) -> list[Part]:
    """Return one part a row: doubtful ones first, else in the model's order."""
    parts = []
    for name, label in labels.inputs.items():
        parts += [Part(name, at, column) for at, column in enumerate(label.columns)]
        if not label.columns:
            parts.append(Part(name, None, label))
    return sorted(parts, key=lambda part: part.label.confidence >= 1)


def make_rows(labels: Labels, info: GraphInfo) -> list[Row]:
    """Return the table's rows, in the order of `list_parts`."""
    types = {tensor.name: f"{tensor.dtype} {shape(tensor.shape)}" for tensor in info.inputs}
    return [_row(part, types.get(part.input, "?")) for part in list_parts(labels)]


def _row(part: Part, kind: str) -> Row:
    label = part.label
    low, high = label.range or (None, None)
    return {
        "input": part.input,
        "columns": _span(label) if isinstance(label, Column) else "all",
        "name": label.name if isinstance(label, Column) else "",
        "role": str(label.role),
        "confidence": label.confidence,
        "evidence": "; ".join(label.evidence),
        "low": low,
        "high": high,
        "integer": label.integer,
        "type": kind,
    }


def _span(column: Column) -> str:
    last = column.stop - 1
    return str(last) if column.start == last else f"{column.start} to {last}"


def read_rows(labels: Labels, rows: Sequence[Mapping[str, object]]) -> tuple[Labels, list[str]]:
    """Return the labels as the edited rows say, and what in the rows is not finished.

    `labels` are those that the rows were made from. A range with one end only is unfinished:
    the old range stands, and the second result says so.
    """
    problems: list[str] = []
    parts = list_parts(labels)
    changes = [_changes(part, row, problems) for part, row in zip(parts, rows, strict=True)]
    return _change(labels, zip(parts, changes, strict=True)), problems


def _change(labels: Labels, changes: Iterable[tuple[Part, dict[str, Any]]]) -> Labels:
    edited = dict(labels.inputs)
    for part, fields in changes:
        if not fields:
            continue
        fields = fields | {"confidence": 1.0, "evidence": BY_HAND}
        label = edited[part.input]
        if part.at is None:
            edited[part.input] = replace(label, **fields)
        else:
            columns = list(label.columns)
            columns[part.at] = replace(columns[part.at], **fields)
            edited[part.input] = replace(label, columns=tuple(columns))
    return Labels(edited)


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


def match(labels: Labels, pattern: str) -> list[str]:
    """Return the names of the parts that a pattern such as `user_*` or `x/item*` matches."""
    return [part.name for part in list_parts(labels) if _matches(part, pattern)]


def set_role(labels: Labels, pattern: str, role: Role) -> Labels:
    """Return labels in which all parts that the pattern matches have this role."""
    chosen = [part for part in list_parts(labels) if _matches(part, pattern)]
    return _change(labels, ((part, {"role": role}) for part in chosen if part.label.role != role))


def _matches(part: Part, pattern: str) -> bool:
    wanted = pattern.strip().casefold()
    own = part.label.name if isinstance(part.label, Column) else ""
    return any(fnmatchcase(name.casefold(), wanted) for name in (part.name, part.input, own))


def packable(info: GraphInfo) -> dict[str, int]:
    """Return the inputs whose last axis may hold several features, with its extent."""
    return {
        tensor.name: tensor.shape[-1]
        for tensor in info.inputs
        if tensor.shape and isinstance(tensor.shape[-1], int) and tensor.shape[-1] > 1
    }


def set_columns(labels: Labels, name: str, column: Column, *, width: int) -> Labels:
    """Return labels in which these columns of an input are one range of their own.

    Ranges that it overlaps are cut; the input's columns stay covered without gap or overlap.
    Raises LabelError when the range leaves the input.
    """
    if not 0 <= column.start < column.stop <= width:
        raise LabelError(
            f"input {name!r}: columns {column.start} to {column.stop - 1} are not within its"
            f" {count(width, 'column')}; give a start below the end"
        )
    label = labels.inputs[name]
    old = label.columns or (
        Column(start=0, stop=width, role=label.role or Role.ITEM, range=label.range),
    )
    rest = [piece for part in old for piece in _cut(part, column)]
    columns = sorted([*rest, column], key=lambda part: part.start)
    return Labels({**labels.inputs, name: InputLabel(columns=tuple(columns))})


def _cut(part: Column, hole: Column) -> list[Column]:
    pieces = [
        (part.start, min(part.stop, hole.start)),
        (max(part.start, hole.stop), part.stop),
    ]
    return [replace(part, start=a, stop=b) for a, b in pieces if a < b]


def count_sides(labels: Labels) -> tuple[int, int, int]:
    """Return how many parts are request side, candidate side, and doubtful."""
    parts = [part.label for part in list_parts(labels)]
    request = sum(1 for label in parts if label.role is not None and label.role.per_request)
    doubtful = sum(1 for label in parts if label.confidence < 1)
    return request, len(parts) - request, doubtful
