"""How a model may be cut for serving: the frontier of bytes against work online, and a choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mari_engine.types.decisions import Way
from mari_engine.types.json_fields import JsonObject
from mari_engine.types.parts import Part


class Store(StrEnum):
    """The type of floating-point values that are stored of each item."""

    FLOAT32 = "float32"
    """As the model computes them: lossless."""
    FLOAT16 = "float16"
    """Half the bytes; rounded, and so not lossless."""


@dataclass(frozen=True)
class CutPoint:
    """One cut: what is fetched of each candidate, and what is left to compute online."""

    way: Way
    """How the model was rewritten that is cut."""
    bytes: int
    """Per candidate, of fetched values and of item features that are needed online."""
    flops: int
    """Per candidate, online."""
    seconds: float
    """Expected of the online part for a request."""
    table_bytes: int
    """Of the item side's lookup tables in the online part."""
    fetched: tuple[str, ...]
    """The values that the item part computes, by their names in the rewritten model."""
    inputs: tuple[str, ...]
    """The item features that are needed online."""

    @staticmethod
    def from_json(row: JsonObject) -> CutPoint:
        """Read its fields; raises the document's error, naming the field."""
        return CutPoint(
            way=row.choice("way", Way),
            bytes=row.whole("bytes"),
            flops=row.whole("flops"),
            seconds=row.number("seconds"),
            table_bytes=row.whole("table_bytes"),
            fetched=tuple(map(str, row.items("fetched"))),
            inputs=tuple(map(str, row.items("inputs"))),
        )


@dataclass(frozen=True)
class Frontier:
    """The cuts that are worth a choice, the most bytes first."""

    candidates: int
    """Of the request that seconds are of."""
    points: tuple[CutPoint, ...]
    whole: CutPoint
    """The fastest rewritten model, uncut."""
    reasons: Mapping[str, str]
    """By node or input: why what only item features reach stays online."""

    def to_json(self) -> dict[str, Any]:
        """Return the contents of a manifest's `frontier`."""
        return {"version": 1, **asdict(self)}


@dataclass(frozen=True)
class ChosenCut:
    """The cut that was made, among those that there were."""

    frontier: Frontier
    point: CutPoint
    parts: tuple[Part, ...]
    store: Store
    asked: tuple[str, ...]
    """The options of `mari offload` that lead to it."""
