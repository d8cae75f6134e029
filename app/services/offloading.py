"""Starts the search for cuts in parts for serving, and the cut that was chosen with its check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mari_engine as mari
from app.jobs import Job
from app.session import Opened, Options


def start_cuts(
    opened: Opened, labels: mari.Labels, options: Options, store: mari.Store
) -> Job[mari.Frontier]:
    """Find the cuts that are worth a choice, in the background; nothing is cut."""

    def run(progress: mari.Progress) -> mari.Frontier:
        return mari.cut_frontier(
            opened.model, labels, store=store, candidates=options.candidates, keep=options.keep,
            progress=progress,
        )  # fmt: skip

    return Job(run)


def start_offload(
    opened: Opened,
    labels: mari.Labels,
    options: Options,
    *,
    most_bytes: int,
    store: mari.Store,
    requests: Sequence[Path] = (),
) -> Job[mari.OffloadResult]:
    """Cut the model in parts in the background, and check their chain, on the user's requests too.

    At most `most_bytes` are fetched of each candidate.
    """

    def run(progress: mari.Progress) -> mari.OffloadResult:
        own = [mari.load_requests(path, opened.model, labels) for path in requests]
        return mari.offload(
            opened.model, labels, most_bytes=most_bytes, store=store,
            candidates=options.candidates, keep=options.keep, requests=own, progress=progress,
        )  # fmt: skip

    return Job(run)
