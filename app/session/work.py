"""What one session has done so far, and how each step undoes the steps behind it."""

from __future__ import annotations

import secrets
import shutil
import weakref
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from app.jobs import Job
from app.session.choices import Comparison, Flips, Opened, Options, Preview
from app.session.exports import Export
from app.session.load_tests import LoadTests
from app.session.node_measures import NodeMeasures
from app.session.runs import Run
from app.session.server_paths import without_folder
from mari_engine import (
    BenchmarkResult,
    Difference,
    Frontier,
    Labels,
    LoadResult,
    OffloadResult,
    OptimizeResult,
    Review,
    Store,
)

T = TypeVar("T")
MOST_STEPS = 200
"""Changes of labels that can be undone."""


def _make_token() -> str:
    return secrets.token_hex(16)


@dataclass(eq=False)
class Work:
    """One session's work: model, labels, confirmation, check, benchmark.

    A step that changes drops everything that was made from it: nothing shown is out of date.
    """

    opened: Opened | None = None
    labels: Labels | None = None
    """The labels as the table stands, confirmed or not."""
    proposed: Labels = field(default_factory=Labels)
    """What the engine proposes for the model, learnt from logged requests where there are any."""
    confirmed: Labels | None = None
    """The labels that were confirmed; None as soon as one is edited."""
    requests: list[Path] = field(default_factory=list)
    """Logged requests: the proposals learnt from them, and every check includes them."""
    comparison: Comparison | None = None
    """Requests that were held against the labels, and not taken over yet."""
    revoked: str = ""
    """Why a request revoked the check; "" where none did."""
    confirmed_by: str = ""
    """Who confirmed; "" where nothing is confirmed."""
    options: Options = field(default_factory=Options)
    """What was confirmed with the labels."""
    chosen: Options = field(default_factory=Options)
    """What is chosen by now; where it differs from `options`, nobody confirmed it."""
    check: Job[OptimizeResult] | None = None
    benchmark: Job[BenchmarkResult] | None = None
    nodes: Job[NodeMeasures] | None = None
    """Measures of single nodes, for the graph."""
    cuts: Job[Frontier] | None = None
    """The cuts in parts for serving that there are, where that page was opened."""
    cuts_store: Store = Store.FLOAT32
    """How those cuts store values of items."""
    parts: Job[OffloadResult] | None = None
    """The model cut in parts, and the check of the chain."""
    parts_folder: Path | None = None
    """Where the parts are saved for downloads; None until they are offered."""
    difference: Job[Difference] | None = None
    """With another model or export; None until one was given."""
    exports: tuple[Export, ...] = ()
    """Those that were given as a table, of any models."""
    elsewhere: list[BenchmarkResult] = field(default_factory=list)
    """Benchmarks of this model that were read from files."""
    loads: LoadTests = field(default_factory=LoadTests)
    """Capacities of this model within a bound of latency."""
    ahead: Job[object] | None = None
    """A drawing that is made before anyone asks for it, and what it is of."""
    drawn: object = None
    folder: Path | None = None
    """Where the optimized model is saved for downloads; None until one is offered."""
    token: str = field(default_factory=_make_token)
    """Under which the work is kept; whoever knows it may take the work up."""
    unkept: str = ""
    """Why the work is not kept as it stands; "" where it is, or holds nothing yet."""
    runs: list[Run] = field(default_factory=list)
    """What was confirmed and checked for this model, to be compared; the oldest first."""
    error: str = ""
    """Why the model asked for at the start could not be opened."""
    notice: str = ""
    """What is to be known of work that a link or a session file brought back; empty when seen."""
    revision: int = 0
    """Grows whenever labels change: the table starts anew."""
    picked: tuple[tuple[str, int | None], ...] = ()
    """The rows that were answered last, by input and place; they stay selected."""
    clicks: dict[str, int] = field(default_factory=dict)
    """Clicks on buttons that change labels, to be taken over: the revision that each was shown."""
    history: list[Labels] = field(default_factory=list)
    """Earlier labels, for undo; the latest last."""
    future: list[Labels] = field(default_factory=list)
    """Labels that were undone, for redo; the next last."""
    selected: str = ""
    """The node, input or output that was selected in the graph last; "" for none."""
    preview: Preview | None = None
    """What the labels as they stand would give, while they are edited."""
    flips: Flips | None = None
    """What each doubtful label would change, where that was asked for."""
    review: Review | None = None
    """What people said of this model; None while there is no model."""
    reviewer: str = ""
    """The name that was last given with labels, a note or a sign-off."""
    folders: list[Path] = field(default_factory=list)
    """Folders of this session's uploads and downloads; they go with it."""
    _jobs: weakref.WeakSet[Job[Any]] = field(default_factory=weakref.WeakSet)
    """What was started for this session and may still run."""

    def __post_init__(self) -> None:
        """Let what was started and made go with the work, however that ends."""
        weakref.finalize(self, _give_back, self._jobs, self.folders)

    def close(self) -> None:
        """Cancel all jobs, remove all folders, hold nothing: the visitor will not come back."""
        _give_back(self._jobs, self.folders)
        self._drop_results()
        self.opened = self.labels = self.review = None
        self.proposed = Labels()
        self.ahead = self.preview = self.flips = self.comparison = None
        self.drawn = None
        for held in (self.elsewhere, self.loads.elsewhere, self.history, self.future, self.runs):
            held.clear()

    def watch(self, job: Job[Any]) -> None:
        """Cancel this job at the latest when the session ends."""
        self._jobs.add(job)

    def open(self, opened: Opened, proposed: Labels, labels: Labels | None = None) -> None:
        """Start over with this model and these proposals, or with other labels."""
        self._drop_results()
        self.opened, self.error, self.notice, self.picked = opened, "", "", ()
        self.requests, self.revoked, self.comparison = [], "", None
        self.proposed, self.labels = proposed, proposed if labels is None else labels
        self.options = self.chosen = replace(self.chosen, keep=())  # its products are others
        self.selected = ""
        for tried in (self.preview, self.flips):
            if tried is not None:
                tried.job.cancel()
        self.preview = self.flips = None
        for held in (self.history, self.future, self.elsewhere, self.loads.elsewhere, self.runs):
            held.clear()
        self.token, self.unkept = _make_token(), ""
        self.review = Review(opened.model.sha256)
        self.revision += 1

    def relabel(self, labels: Labels) -> None:
        """Replace the labels, which can be undone; what was confirmed no longer is."""
        if labels == self.labels:
            return
        if self.labels is not None:
            self.history.append(self.labels)
            del self.history[:-MOST_STEPS]
        self.future.clear()
        self._replace(labels)

    def undo(self) -> None:
        """Go back to the labels before the last change."""
        self._step(self.history, self.future)

    def redo(self) -> None:
        """Take back the last undo."""
        self._step(self.future, self.history)

    def _step(self, come: list[Labels], go: list[Labels]) -> None:
        if come and self.labels is not None:
            go.append(self.labels)
            self._replace(come.pop())

    def _replace(self, labels: Labels) -> None:
        self.labels = labels
        self.revision += 1
        self._drop_results()

    def confirm(
        self, options: Options, check: Job[OptimizeResult], labels: Labels, by: str = ""
    ) -> None:
        """Record who confirmed these labels, each with its voucher; `check` verifies."""
        if labels.confidence < 1:
            raise ValueError("a label is still in doubt")
        self._drop_results()
        self.labels = self.confirmed = labels
        self.confirmed_by, self.revoked = by, ""
        self.revision += 1
        self.options = self.chosen = options
        self.check = check
        self.watch(check)

    def recheck(self, check: Job[OptimizeResult]) -> None:
        """Take over another check of the same rewrite; what was measured stands."""
        self.check, self.folder = self._take(self.check, check), None

    def measure(self, benchmark: Job[BenchmarkResult]) -> None:
        """Take over a benchmark that was started."""
        self.benchmark = self._take(self.benchmark, benchmark)

    def weigh_cuts(self, cuts: Job[Frontier], store: Store) -> None:
        """Take over a search for cuts that was started."""
        self.cuts, self.cuts_store = self._take(self.cuts, cuts), store

    def cut(self, parts: Job[OffloadResult]) -> None:
        """Take over a cut that is made and checked."""
        self.parts, self.parts_folder = self._take(self.parts, parts), None

    def compare(self, difference: Job[Difference]) -> None:
        """Take over a comparison that was started."""
        self.difference = self._take(self.difference, difference)

    def measure_nodes(self, nodes: Job[NodeMeasures]) -> None:
        """Take over a measurement of single nodes that was started."""
        self.nodes = self._take(self.nodes, nodes)

    def measure_load(self, load: Job[LoadResult]) -> None:
        """Take over a load test."""
        self.loads.job = self._take(self.loads.job, load)

    def _take(self, last: Job[T] | None, new: Job[T]) -> Job[T]:
        """Return the job that takes the place of the last one, which is cancelled."""
        if last is not None:
            last.cancel()
        self.watch(new)
        return new

    @property
    def result(self) -> OptimizeResult | None:
        """The optimized model with its certificate, passed or not; None before the check ends."""
        return self.check.result if self.check is not None else None

    @property
    def verified(self) -> bool:
        """True when the optimized model was shown equal to the original."""
        return self.result is not None and self.result.certificate.passed

    @property
    def benchmarks(self) -> list[BenchmarkResult]:
        """All measurements that a report tells: this server's own, and those of elsewhere."""
        return [*([self.measured] if self.measured is not None else []), *self.elsewhere]

    @property
    def measured(self) -> BenchmarkResult | None:
        """The last benchmark that ran to its end."""
        return self.benchmark.result if self.benchmark is not None else None

    def tell(self, problem: str) -> str:
        """Return a message without the folders where the server keeps this session's files."""
        return reduce(without_folder, self.folders, problem)

    def blocked(self) -> str:
        """Return why there is no rewritten model to look at, or "" when there is one."""
        if self.opened is None:
            return "Choose a model first."
        if self.confirmed is None:
            again = "A request contradicts the labels. " if self.revoked else ""
            return f"{again}Confirm the labels first."
        return ""

    def unverified(self) -> str:
        """Return why the result cannot be used, or "" when it is verified."""
        if self.blocked() or self.check is None:
            return self.blocked() or "Confirm the labels first."
        if self.check.active:
            return "The check still runs."
        if self.check.state == "failed":
            return "The rewrite or its check failed; see the reason above."
        if self.check.state == "cancelled":
            return "The check was cancelled; confirm the labels again."
        return "" if self.verified else "The optimized model is not equal to the original."

    def _drop_results(self) -> None:
        jobs = (self.check, self.benchmark, self.nodes, self.cuts, self.parts, self.difference)
        for job in (*jobs, self.loads.job):
            if job is not None:
                job.cancel()
        self.confirmed = self.check = self.benchmark = self.nodes = self.folder = None
        self.cuts = self.parts = self.parts_folder = self.difference = self.loads.job = None
        self.confirmed_by = ""


def _give_back(jobs: weakref.WeakSet[Job[Any]], folders: list[Path]) -> None:
    for job in list(jobs):
        job.cancel()
    while folders:
        shutil.rmtree(folders.pop(), ignore_errors=True)
