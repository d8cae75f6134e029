"""What was measured of one model, and of a whole corpus: plain numbers with a JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model, as it was measured with one engine; all times are processor time of one thread."""

    model: str
    engine: str = ""
    """Which state of the engine it was, where another than the run's."""
    error: str = ""
    """What ended the measurement."""
    planning: float = 0.0
    """Seconds."""
    way: str = ""
    speedup: float = 0.0
    """Median over interleaved rounds of the original's time by the rewritten model's."""
    low: float = 0.0
    high: float = 0.0
    """Its 10th and 90th percentile."""
    repeated: tuple[float, ...] = ()
    """The same again, with more rounds, where it was slower at first."""
    share_before: float = 0.0
    share: float = 0.0
    """FLOPs of products by time, as a share of what a large product reaches in the same rounds."""
    flops_before: int = 0
    flops: int = 0
    """Of products, counted by the engine."""
    attainable: int = 0
    limit: int = 0
    reached: int = 0
    """The meter's: what columns and what affine rank allow, and what the rewritten model does."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """By signature: `passed`, or what the check says."""
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def settled(self) -> float:
        """The speedup, by the longest run that there is."""
        return self.repeated[-1] if self.repeated else self.speedup


@dataclass(frozen=True, kw_only=True)
class Run:
    """A corpus measured with one engine."""

    machine: Mapping[str, str]
    date: str
    candidates: int
    engine: str
    """Which state of the engine it was."""
    rows: tuple[Row, ...]

    def continued(self, engine: str) -> dict[str, Row]:
        """Return by model the rows that stay as they are when a later engine measures the rest."""
        own = "" if engine == self.engine else self.engine
        return {
            row.model: replace(row, engine=row.engine or own) for row in self.rows if not row.error
        }

    def save(self, path: Path) -> None:
        """Write the run as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> Run:
        """Read a run that was saved."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return Run(**{**data, "rows": tuple(row_from(row) for row in data["rows"])})


def row_from(data: Mapping[str, object]) -> Row:
    """Return a row from its JSON form."""
    lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
    return Row(**{**data, **lists})  # type: ignore[arg-type]


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean of positive numbers, 0.0 of none.

    >>> round(geometric_mean([1, 4]), 6)
    2.0
    """
    given = list(values)
    product = 1.0
    for value in given:
        product *= value ** (1 / len(given))
    return product if given else 0.0
