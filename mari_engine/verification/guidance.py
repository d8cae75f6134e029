"""Guidance: which branches of the original requests took, and requests that take the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from mari_engine.analysis import survey_by_labels
from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.graph import Model
from mari_engine.types import Coverage, Feeds, Labels, MissedBranch
from mari_engine.verification.aims import Aims
from mari_engine.verification.cases import Case
from mari_engine.verification.coverage import Probe, Tracker, find_sites
from mari_engine.verification.judgement import TYPICAL

_ATTEMPTS = 48
"""Requests that are drawn at most to take branches that none has taken."""
_PATIENCE = 12
"""Requests in a row that take no new branch, after which no more are drawn."""
_FIRST_SEED = 1000
_LENGTHS = (1, 2, 3, 9)
"""Lengths of histories that are tried besides those that numbers ask for."""
_LONGEST = 300


class Explorer:
    """Runs the original alone, and notes which branches it takes."""

    def __init__(self, original: Model, plan: FeedPlan, labels: Labels) -> None:
        self._original, self.plan = original, plan
        self._survey = survey_by_labels(original, labels)
        sites, self._unseen = find_sites(original, self._survey)
        self._tracker = Tracker(sites, plan)
        self._observed = False
        try:
            self._probe: Probe | None = Probe(original, sites)
        except ExecutionError:  # its device has no kernel: then nothing is known of branches
            self._probe = None

    def observe(self, requests: Sequence[Feeds]) -> None:
        """Note which branches these requests take, as long as any is not reached."""
        for feeds in sorted(requests, key=_elements):
            with suppress(ExecutionError):  # node by node, it may lack a kernel that fusion avoids
                self._run(feeds)

    def guide(self, batch: int) -> Iterator[Case]:
        """Yield requests of so many candidates that take branches which none took before.

        Numbers at which a branch begins are sent to the inputs that reach it, and some beside them:
        to those of all sites that are left and to those of one, in turn. The seeds are fixed.
        """
        if not self._tracker.untaken:
            return
        aims, failed = Aims(self._original, self._survey), 0
        for attempt in range(_ATTEMPTS):
            left = list(self._tracker.untaken)
            if not left or failed > _PATIENCE:
                return
            sites = left if attempt % 2 else [left[attempt // 2 % len(left)]]
            aimed = _join([aims.of(site) for site in sites])
            seed = _FIRST_SEED + attempt
            feeds = self.plan.draw(
                batch=batch, seed=seed, length=self._length(aimed, attempt), aims=aimed
            )
            try:
                new = self._run(feeds)
            except ExecutionError:  # what is aimed at need not be valid
                new = []
            failed = 0 if new else failed + 1
            if new:
                request = f"{TYPICAL}, aimed at {new[0].node} ({new[0].op}: {new[0].branch})"
                yield Case(batch, seed, request, feeds, needed=False)

    @property
    def coverage(self) -> Coverage | None:
        """What was reached so far; None where the original does not run node by node."""
        return self._tracker.coverage(self._unseen) if self._observed else None

    def _length(self, aimed: Mapping[str, Sequence[float]], attempt: int) -> int | None:
        """Return a length that numbers ask for, as lengths are compared with constants too."""
        asked = {int(n) for numbers in aimed.values() for n in numbers if 1 < n < _LONGEST}
        lengths = [*_LENGTHS, *sorted(n + step for n in asked for step in (0, 1))]
        return lengths[attempt // 3 % len(lengths)] if attempt % 3 == 0 else None

    def _run(self, feeds: Feeds) -> list[MissedBranch]:
        sites = self._tracker.open_sites
        if self._probe is None:
            return []
        found = self._probe.run(feeds, sites)
        self._observed = True
        return self._tracker.add(feeds, dict(zip(sites, found, strict=True)))


def _join(aims: Sequence[Mapping[str, tuple[float, ...]]]) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for each in aims:
        found |= each
    return found


def _elements(feeds: Feeds) -> int:
    return sum(array.size for array in feeds.values())
