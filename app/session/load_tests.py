"""Load tests of the open model: what this server measured, and what files of other machines say."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.jobs import Job
from mari_engine import LoadResult


@dataclass(eq=False)
class LoadTests:
    """Capacities before and after, of one model."""

    job: Job[LoadResult] | None = None
    """The load test that was started here last."""
    elsewhere: list[LoadResult] = field(default_factory=list)
    """Read from files."""

    @property
    def measured(self) -> LoadResult | None:
        """The one that ran to its end here."""
        return None if self.job is None else self.job.result

    @property
    def all(self) -> list[LoadResult]:
        """This server's own first, then those of files."""
        return [*([self.measured] if self.measured is not None else []), *self.elsewhere]
