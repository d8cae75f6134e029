"""The role of each input and column (user, context, item, cross), and labels.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from mari_engine.errors import LabelError
from mari_engine.files import write_whole
from mari_engine.types.json_fields import (
    JsonDocument,
    JsonError,
    JsonObject,
    is_number,
    parse_json,
)

VERSION = 1

EVIDENCE_VOUCHERS: Final = ("graph", "request", "name")
"""What vouches for a label where no person does."""
FROM_GRAPH: Final = "graph"
CandidateAxis = int | None | Literal["graph"]
"""An axis of an input, none, or what the graph says."""


class Role(StrEnum):
    """What a feature describes, and so how often it changes within a request."""

    USER = "user"
    CONTEXT = "context"
    ITEM = "item"
    CROSS = "cross"

    @property
    def per_request(self) -> bool:
        """True when all candidates of a request share one value (user, context)."""
        return self in (Role.USER, Role.CONTEXT)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One role for the columns `start` to `stop` (half-open) of a packed input's last axis.

    `range` is half-open and steers only the values generated for checks and benchmarks;
    `integer` says that a float column carries whole numbers (ids). `confidence` (0 to 1) and
    `evidence` are filled by proposals and ignored by everything that consumes labels.
    """

    start: int
    stop: int
    role: Role
    name: str = ""
    range: tuple[float, float] | None = None
    integer: bool = False
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()
    vouched: str = ""
    """Who or what vouches for the role: `graph`, `request`, `name`, or a person; "" if unsaid."""
    axis: CandidateAxis = FROM_GRAPH
    """As of the input (see there), stated here."""
    volatile: bool = False
    """Changes too often to be stored, as a price may: of an item feature, it stays online."""


@dataclass(frozen=True, kw_only=True)
class InputLabel:
    """The role of a whole input, or its columns when it packs several features.

    Exactly one of `role` and `columns` is set. `axis` is the axis along which the candidates lie,
    None where they lie along none, and `FROM_GRAPH` where it is left to the graph. `axis_evidence`
    stands beside an axis that was proposed, or beside `FROM_GRAPH` where more than one is possible.
    """

    role: Role | None = None
    columns: tuple[Column, ...] = ()
    range: tuple[float, float] | None = None
    integer: bool = False
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()
    vouched: str = ""
    axis: CandidateAxis = FROM_GRAPH
    axis_evidence: tuple[str, ...] = ()
    volatile: bool = False

    @property
    def stated_axis(self) -> CandidateAxis:
        """The axis that somebody states, here or in a column; a proposal states none."""
        stated = [part.axis for part in self.columns if part.axis != FROM_GRAPH]
        if self.axis != FROM_GRAPH and not self.axis_evidence:
            stated.append(self.axis)
        return stated[0] if stated else FROM_GRAPH

    @property
    def per_candidate(self) -> bool:
        """True where it, or a column of it, is known to have one value per candidate."""
        roles = [part.role for part in self.columns or (self,)]
        return any(role is not None and not role.per_request for role in roles)


@dataclass(frozen=True)
class Labels:
    """Roles for all inputs of a model, by input name."""

    inputs: Mapping[str, InputLabel] = field(default_factory=dict)

    @property
    def confidence(self) -> float:
        """The least confidence among all inputs and columns (1.0 when nothing is labelled)."""
        found = [
            part.confidence
            for label in self.inputs.values()
            for part in (label.columns or (label,))
        ]
        return min(found, default=1.0)

    def confirmed(self) -> Labels:
        """Return the same roles with full confidence: a person has looked at them."""
        return Labels(
            {
                name: replace(
                    label,
                    confidence=1.0,
                    columns=tuple(replace(column, confidence=1.0) for column in label.columns),
                )
                for name, label in self.inputs.items()
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return the contents of labels.json."""
        inputs = {name: _label_to_json(label) for name, label in self.inputs.items()}
        return {"version": VERSION, "inputs": inputs}

    @staticmethod
    def from_json(data: object) -> Labels:
        """Return the labels that the contents of labels.json state: parsed, or as text.

        Raises LabelError for anything malformed, naming the field, or the line and column of text
        that is not JSON.
        """
        data = _parsed(data) if isinstance(data, (str, bytes)) else data
        top = JsonObject(data, "labels", JsonDocument(LabelError))
        top.check_version(VERSION)
        top.allow(("version", "inputs"))
        inputs = top.nested("inputs", "labels: inputs")
        return Labels(
            {
                str(name): _label_from_json(inputs.entry(label, f"input {name!r}"))
                for name, label in inputs.fields.items()
            }
        )

    @staticmethod
    def load(path: str | Path) -> Labels:
        """Read a labels.json; raises LabelError naming the file."""
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise LabelError(f"{path}: cannot be read ({error}); give a labels.json") from error
        try:
            return Labels.from_json(text)
        except LabelError as error:
            raise LabelError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write labels.json, indented, ending in a newline."""
        write_whole(path, json.dumps(self.to_json(), indent=2) + "\n")


def _parsed(text: str | bytes) -> object:
    try:
        return parse_json(text)
    except JsonError as error:
        raise LabelError(
            f"labels: line {error.line} is not JSON ({error}); mend it or run 'mari labels'"
        ) from error


def _label_to_json(label: InputLabel) -> dict[str, Any]:
    out: dict[str, Any] = {"role": str(label.role), **_extras(label)}
    if label.columns:
        out = {"columns": [_column_to_json(column) for column in label.columns], **_axis_of(label)}
    if label.axis_evidence:
        out["axis_evidence"] = list(label.axis_evidence)
    return out


def _axis_of(part: Column | InputLabel) -> dict[str, Any]:
    return {} if part.axis == FROM_GRAPH else {"axis": part.axis}


def _column_to_json(column: Column) -> dict[str, Any]:
    out: dict[str, Any] = {"start": column.start, "stop": column.stop, "role": str(column.role)}
    if column.name:
        out["name"] = column.name
    return out | _extras(column)


def _extras(part: Column | InputLabel) -> dict[str, Any]:
    out: dict[str, Any] = {} if part.range is None else {"range": list(part.range)}
    out |= {name: True for name in ("integer", "volatile") if getattr(part, name)}
    if part.confidence < 1:
        out["confidence"] = part.confidence
    if part.evidence:
        out["evidence"] = list(part.evidence)
    if part.vouched:
        out["vouched"] = part.vouched
    return out | _axis_of(part)


_FARTHEST = 1 << 63
"""Bounds of ranges: whole numbers beyond it have no type, and are not drawn."""
_EXTRAS = ("range", "integer", "volatile", "confidence", "evidence", "vouched", "axis")


def _label_from_json(entry: JsonObject) -> InputLabel:
    entry.allow(("role", "columns", "axis_evidence", *_EXTRAS))
    if ("role" in entry.fields) == ("columns" in entry.fields):
        raise entry.wrong("give either 'role' or 'columns'")
    proposed = _texts(entry, "axis_evidence")
    if "role" in entry.fields:
        extras = _extras_from_json(entry)
        return InputLabel(role=entry.choice("role", Role), axis_evidence=proposed, **extras)
    columns = tuple(
        _column_from_json(entry.entry(column, f"{entry.where} column {at}"))
        for at, column in enumerate(entry.items("columns"))
    )
    if not columns:
        raise entry.wrong("'columns' must be a list with at least one entry")
    if "volatile" in entry.fields:
        raise entry.wrong("'volatile' stands beside 'columns'; state it in the columns")
    label = InputLabel(axis=_axis(entry), axis_evidence=proposed, columns=columns)
    _check_one_axis(label, entry)
    return label


def _axis(entry: JsonObject) -> CandidateAxis:
    if "axis" not in entry.fields:
        return FROM_GRAPH
    axis = entry.fields["axis"]
    if axis is None or (isinstance(axis, int) and not isinstance(axis, bool)):
        return axis
    raise entry.wrong("'axis' must be a whole number, or null for none")


def _check_one_axis(label: InputLabel, entry: JsonObject) -> None:
    """Refuse columns that state unlike axes: they lie in one array, and share its axes."""
    every = (label.axis, *(column.axis for column in label.columns))
    stated = {axis for axis in every if axis != FROM_GRAPH}
    if len(stated) > 1:
        told = " and ".join(sorted(json.dumps(axis) for axis in stated))
        raise entry.wrong(f"'axis' is {told}; the columns of one input share one axis")


def _column_from_json(entry: JsonObject) -> Column:
    entry.allow(("start", "stop", "role", "name", *_EXTRAS))
    start, stop = entry.whole("start"), entry.whole("stop")
    if not 0 <= start < stop:
        raise entry.wrong(f"[{start}, {stop}) is empty or negative")
    return Column(
        start=start,
        stop=stop,
        role=entry.choice("role", Role),
        name=entry.text("name", ""),
        **_extras_from_json(entry),
    )


def _extras_from_json(entry: JsonObject) -> dict[str, Any]:
    bounds = entry.fields.get("range")
    if bounds is not None:
        numbers = isinstance(bounds, list) and all(is_number(bound) for bound in bounds)
        if not numbers or len(bounds) != 2 or not bounds[0] < bounds[1]:
            raise entry.wrong("'range' must be [low, high) with low < high")
        if bounds[0] < -_FARTHEST or bounds[1] > _FARTHEST:
            raise entry.wrong("'range' must lie between -2^63 and 2^63")
    confidence = entry.fields.get("confidence", 1.0)
    if not is_number(confidence) or not 0 <= confidence <= 1:
        raise entry.wrong("'confidence' must lie between 0 and 1")
    return {
        "range": None if bounds is None else (bounds[0], bounds[1]),
        "integer": entry.flag("integer", False),
        "volatile": entry.flag("volatile", False),
        "confidence": float(confidence),
        "evidence": _texts(entry, "evidence"),
        "vouched": entry.text("vouched", ""),
        "axis": _axis(entry),
    }


def _texts(entry: JsonObject, field: str) -> tuple[str, ...]:
    lines = entry.items(field, ())
    if not all(isinstance(line, str) for line in lines):
        raise entry.wrong(f"{field!r} must be a list of texts")
    return tuple(lines)
