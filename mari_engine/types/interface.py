"""The calling contract of an optimized model: how its inputs are filled from the original's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from mari_engine.types.json_fields import JsonObject, is_whole


class Signature(StrEnum):
    """How the optimized model is called: *Calling contract* in mari_engine/artifact/README.md."""

    DROP_IN = "drop-in"
    COMPACT = "compact"
    BATCHED = "batched"


class RequestIndex(StrEnum):
    """How a batch of several requests tells whose each candidate is."""

    ROWS = "rows"
    """`candidate_request [N]`: the number of each candidate's request, which does not decrease."""
    LENGTHS = "lengths"
    """`request_lengths [R]`: how many candidates each request has."""


Rows = Literal["request", "candidate", "index"]
"""Whose rows an input has; an index tells which candidates are whose."""


@dataclass(frozen=True)
class InputBinding:
    """How one input of the optimized model is filled from the original's inputs.

    Take `source`, pick `columns` of its last axis when given, and keep the first row when
    `rows` is "request" and the signature is compact. In a batch of several requests those rows, and
    all candidates, are joined in order; an input whose `rows` is "index" has no source ("").
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    rows: Rows
    source: str
    columns: tuple[int, ...] | None = None
    index: RequestIndex | None = None
    """Of an index: what it holds."""

    def to_json(self) -> dict[str, Any]:
        """Return its entry of a manifest's `inputs`; an index has no source."""
        columns = None if self.columns is None else list(self.columns)
        own = {
            "name": self.name,
            "dtype": self.dtype,
            "shape": list(self.shape),
            "rows": self.rows,
        }
        if self.index is not None:
            return {**own, "index": str(self.index), "source": None}
        return {**own, "source": {"input": self.source, "columns": columns}}

    @staticmethod
    def from_json(entry: JsonObject) -> InputBinding:
        """Read what `to_json` returned; raises the document's error, naming the field."""
        if entry.fields.get("rows") == "index":
            index = entry.choice("index", RequestIndex)
            shape = read_extents(entry)
            return InputBinding(
                entry.text("name"), entry.text("dtype"), shape, "index", "", index=index
            )
        source = entry.nested("source", f"{entry.where} source")
        taken_whole = source.fields.get("columns") is None
        return InputBinding(
            name=entry.text("name"),
            dtype=entry.text("dtype"),
            shape=read_extents(entry),
            rows=read_rows(entry),
            source=source.text("input"),
            columns=None if taken_whole else _read_columns(source),
        )


@dataclass(frozen=True)
class InterfaceTensor:
    """A tensor that a model, or a part of one, takes or gives."""

    name: str
    dtype: str
    """As manifests name it: numpy's name, or "string"."""
    shape: tuple[int | str, ...]
    """Extents, symbols by name."""
    rows: Rows


@dataclass(frozen=True)
class OutputBinding:
    """One output of the optimized model, and whether it has a row per request or candidate."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class Interface:
    """The calling contract of the optimized model."""

    inputs: tuple[InputBinding, ...]
    outputs: tuple[OutputBinding, ...]

    @property
    def index(self) -> RequestIndex | None:
        """How several requests are told apart; None where a call holds one."""
        return next((item.index for item in self.inputs if item.index is not None), None)


def read_rows(entry: JsonObject) -> Rows:
    """Return the field `rows`; raises the document's error for what it may not be."""
    value = entry.fields.get("rows")
    if value == "request":
        return "request"
    if value == "candidate":
        return "candidate"
    raise entry.wrong(f"'rows' is {value!r}, neither 'request' nor 'candidate'")


def read_extents(entry: JsonObject) -> tuple[int | str, ...]:
    """Return the field `shape`: whole numbers, and symbols by name."""
    return tuple(at if isinstance(at, int) else str(at) for at in entry.items("shape"))


def _read_columns(source: JsonObject) -> tuple[int, ...]:
    columns = source.items("columns")
    if not all(is_whole(column) for column in columns):
        raise source.wrong("'columns' must be whole numbers or null")
    return tuple(columns)
