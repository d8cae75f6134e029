"""The calling contract of an optimized model: how its inputs are filled from the original's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Signature(StrEnum):
    """How the optimized model is called: *Calling contract* in mari_engine/artifact/README.md."""

    DROP_IN = "drop-in"
    COMPACT = "compact"


Rows = Literal["request", "candidate"]


@dataclass(frozen=True)
class InputBinding:
    """How one input of the optimized model is filled from the original's inputs.

    Take `source`, pick `columns` of its last axis when given, and keep the first row when
    `rows` is "request" and the signature is compact.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    rows: Rows
    source: str
    columns: tuple[int, ...] | None = None


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
