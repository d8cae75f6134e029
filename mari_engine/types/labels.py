"""Who owns which input: the roles, and the file that states them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mari_engine.errors import LabelError

VERSION = 1


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


@dataclass(frozen=True, kw_only=True)
class InputLabel:
    """The role of a whole input, or its columns when it packs several features.

    Exactly one of `role` and `columns` is set.
    """

    role: Role | None = None
    columns: tuple[Column, ...] = ()
    range: tuple[float, float] | None = None
    integer: bool = False
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()

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
        top = _mapping(_parsed(data) if isinstance(data, str) else data, "labels")
        if top.get("version") != VERSION:
            raise LabelError(f"labels: version is {top.get('version')!r}; write {VERSION}")
        unknown = set(top) - {"version", "inputs"}
        if unknown:
            raise LabelError(f"labels: unknown field {sorted(unknown)[0]!r}; remove it")
        inputs = _mapping(top.get("inputs"), "labels: inputs")
        return Labels({str(name): _label_from_json(str(name), v) for name, v in inputs.items()})

    @staticmethod
    def load(path: str | Path) -> Labels:
        """Read a labels.json; raises LabelError naming the file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LabelError(f"{path}: cannot be read ({error}); give a labels.json") from error
        try:
            return Labels.from_json(text)
        except LabelError as error:
            raise LabelError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write labels.json, indented, ending in a newline."""
        Path(path).write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise LabelError(
            f"labels: line {error.lineno} is not JSON ({error.msg} at column {error.colno}); "
            "mend it or run 'mari labels'"
        ) from error


def _label_to_json(label: InputLabel) -> dict[str, Any]:
    if label.columns:
        return {"columns": [_column_to_json(column) for column in label.columns]}
    return {"role": str(label.role), **_extras(label)}


def _column_to_json(column: Column) -> dict[str, Any]:
    out: dict[str, Any] = {"start": column.start, "stop": column.stop, "role": str(column.role)}
    if column.name:
        out["name"] = column.name
    return out | _extras(column)


def _extras(part: Column | InputLabel) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if part.range is not None:
        out["range"] = list(part.range)
    if part.integer:
        out["integer"] = True
    if part.confidence < 1:
        out["confidence"] = part.confidence
    if part.evidence:
        out["evidence"] = list(part.evidence)
    return out


_LABEL_FIELDS = {"role", "columns", "range", "integer", "confidence", "evidence"}
_COLUMN_FIELDS = {
    "start", "stop", "role", "name", "range", "integer", "confidence", "evidence",
}  # fmt: skip


def _label_from_json(name: str, data: object) -> InputLabel:
    where = f"input {name!r}"
    entry = _known(data, _LABEL_FIELDS, where)
    if ("role" in entry) == ("columns" in entry):
        raise LabelError(f"{where}: give either 'role' or 'columns'")
    if "role" in entry:
        return InputLabel(role=_role(entry["role"], where), **_extras_from_json(entry, where))
    if not isinstance(entry["columns"], list) or not entry["columns"]:
        raise LabelError(f"{where}: 'columns' must be a list with at least one entry")
    return InputLabel(
        columns=tuple(
            _column_from_json(f"{where} column {at}", item)
            for at, item in enumerate(entry["columns"])
        )
    )


def _column_from_json(where: str, data: object) -> Column:
    entry = _known(data, _COLUMN_FIELDS, where)
    bounds = [entry.get("start"), entry.get("stop")]
    if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
        raise LabelError(f"{where}: 'start' and 'stop' must be whole numbers")
    start, stop = int(entry["start"]), int(entry["stop"])
    if not 0 <= start < stop:
        raise LabelError(f"{where}: [{start}, {stop}) is empty or negative")
    name = entry.get("name", "")
    if not isinstance(name, str):
        raise LabelError(f"{where}: 'name' must be text")
    return Column(
        start=start,
        stop=stop,
        role=_role(entry.get("role"), where),
        name=name,
        **_extras_from_json(entry, where),
    )


def _extras_from_json(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    bounds = entry.get("range")
    if bounds is not None:
        numbers = isinstance(bounds, list) and all(_is_number(bound) for bound in bounds)
        if not numbers or len(bounds) != 2 or not bounds[0] < bounds[1]:
            raise LabelError(f"{where}: 'range' must be [low, high) with low < high")
        out["range"] = (bounds[0], bounds[1])
    integer = entry.get("integer", False)
    if not isinstance(integer, bool):
        raise LabelError(f"{where}: 'integer' must be true or false")
    out["integer"] = integer
    confidence = entry.get("confidence", 1.0)
    if not _is_number(confidence) or not 0 <= confidence <= 1:
        raise LabelError(f"{where}: 'confidence' must lie between 0 and 1")
    evidence = entry.get("evidence", [])
    if not isinstance(evidence, list) or not all(isinstance(line, str) for line in evidence):
        raise LabelError(f"{where}: 'evidence' must be a list of texts")
    return out | {"confidence": float(confidence), "evidence": tuple(evidence)}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _role(value: object, where: str) -> Role:
    try:
        return Role(str(value))
    except ValueError:
        roles = ", ".join(Role)
        raise LabelError(f"{where}: unknown role {value!r}; use one of {roles}") from None


def _mapping(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise LabelError(f"{where}: must be an object")
    return data


def _known(data: object, fields: set[str], where: str) -> Mapping[str, Any]:
    entry = _mapping(data, where)
    unknown = set(entry) - fields
    if unknown:
        raise LabelError(f"{where}: unknown field {sorted(unknown)[0]!r}; remove it")
    return entry
