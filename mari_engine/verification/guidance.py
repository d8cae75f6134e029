"""Guidance: which branches of a model requests took, and requests that take the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey, survey_by_labels, survey_model
from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan, Values
from mari_engine.graph import SOURCE, Model
from mari_engine.ops import Trait, has_trait
from mari_engine.types import Coverage, Feeds, Labels, MissedBranch
from mari_engine.verification.aims import Aims
from mari_engine.verification.cases import Case
from mari_engine.verification.coverage import Probe, Site, Tracker, find_sites, has_branches
from mari_engine.verification.judgement import TYPICAL

_ATTEMPTS = 48
"""Requests that are drawn at most to take branches that none has taken."""
_PATIENCE = 12
"""Requests in a row that take no new branch, after which no more are drawn."""
_OFTEN = 6
"""Requests that are to take each branch of the rewritten model alone: one may hide an error."""
_FIRST_SEED = 1000
_LENGTHS = (1, 2, 3, 9)
"""Lengths of histories that are tried besides those that numbers ask for."""
_LONGEST = 300
_UNUSUAL = (Values.MAGNITUDES, Values.FROM_THE_END, Values.FROM_BOTH_ENDS)
"""Requests in search of a new branch: of a number inside, which is large by many inputs at once, or
of what becomes of ids below 0."""
_MOST_CANDIDATES = 1000
"""Candidates beyond which no request is drawn, whatever a branch asks for."""

Bind = Callable[[Feeds], Feeds]
NodeName = tuple[str | None, str]
"""A node's name and operator."""


class Explorer:
    """Runs a model alone, and notes which branches of it requests take.

    `bind` makes the model's feeds of the original's, as which requests are drawn.
    """

    def __init__(
        self, model: Model, survey: Survey, plan: FeedPlan, *,
        besides: Collection[NodeName] = (), bind: Bind = lambda feeds: feeds,
    ) -> None:  # fmt: skip
        self.plan = plan
        self._model, self._survey, self._bind = model, survey, bind
        sites, self._unseen = find_sites(model, survey)
        if besides:
            sites = [site for site in sites if _tells_new(site, besides)]
            known = {name for name, _ in besides}
            self._unseen = tuple(name for name in self._unseen if name not in known)
        self._often = _OFTEN if besides else 1
        self._sites = sites
        self._tracker = Tracker(sites, () if besides else plan.lengths, often=self._often)
        self._observed = False
        try:
            self._probe: Probe | None = Probe(model, sites)
        except ExecutionError:  # its device has no kernel: then nothing is known of branches
            self._probe = None

    @classmethod
    def of_original(cls, original: Model, plan: FeedPlan, labels: Labels) -> Explorer:
        """Return what explores the branches of the original."""
        return cls(original, survey_by_labels(original, labels, several_users=True), plan)

    def of_rewritten(self, rewritten: Model, bind: Bind) -> Explorer | None:
        """Return what explores the branches that only the rewritten model has.

        Those of nodes that the original does not have by name, lookups aside: their tables are
        compared as a whole. None without any, as is usual: rewrites keep names of ops that choose.
        """
        known = {_name_of(node) for node in self._model.ir.graph.all_nodes()}
        if not any(_is_new(node, known) for node in rewritten.ir.graph.all_nodes()):
            return None
        survey = survey_model(rewritten, self._survey.symbols)
        return Explorer(rewritten, survey, self.plan, besides=known, bind=bind)

    def observe(self, requests: Sequence[Feeds]) -> None:
        """Note which branches these requests take, as long as any is not reached."""
        for feeds in sorted(requests, key=_elements):
            with suppress(ExecutionError):  # node by node, it may lack a kernel that fusion avoids
                self._run(feeds)

    def observe_bound(self, batches: Sequence[Feeds]) -> None:
        """Note which branches feeds take that are the model's own."""
        for feeds in batches:
            with suppress(ExecutionError):
                self._run_bound(feeds, {})

    def guide(self, batch: int) -> Iterator[Case]:
        """Yield requests of so many candidates that take branches which none took before.

        Numbers at which a branch begins are sent to the inputs that reach it, and some beside them:
        to those of all sites that are left and to those of one, in turn. The seeds are fixed.
        """
        if not self._tracker.untaken:
            return
        aims, failed = Aims(self._model, self._survey), 0
        for attempt in range(_ATTEMPTS):
            left = list(self._tracker.untaken)
            if not left or failed > _PATIENCE * self._often:
                return
            seed = _FIRST_SEED + attempt
            rows = self._rows(batch, attempt, left, aims)
            feeds = self._draw(rows, seed, attempt, left, aims)
            try:
                new = self._run(feeds)
            except ExecutionError:  # what is aimed at need not be valid
                new = []
            failed = 0 if new else failed + 1
            if new:
                request = f"{TYPICAL}, aimed at {new[0].node} ({new[0].op}: {new[0].branch})"
                yield Case(rows, seed, request, feeds, needed=False)

    @property
    def coverage(self) -> Coverage | None:
        """What was reached so far; None where the original does not run node by node."""
        return self._tracker.coverage(self._unseen) if self._observed else None

    @property
    def never_taken(self) -> tuple[MissedBranch, ...]:
        """The branches that no request took at any place."""
        return self._tracker.never_taken

    def takes(self, feeds: Feeds, missed: MissedBranch) -> bool:
        """Return whether a request takes a branch; the model is opened where models run now.

        Raises ExecutionError where it refuses the request.
        """
        name = (missed.node, missed.op)
        sites = [site for site in self._sites if _name_of(site.node) == name]
        found = Probe(self._model, sites).run(self._bind(feeds), sites)
        return any(bool(np.any(taken.get(missed.branch, False))) for taken in found)

    @property
    def pieces(self) -> frozenset[str]:
        """The names of the nodes whose branches are pieces of one function."""
        return frozenset(
            site.node.name or "" for site in self._sites if site.branches.piece(site.node)
        )

    @property
    def names(self) -> frozenset[str]:
        """The names of the model's nodes."""
        return frozenset(node.name or "" for node in self._model.ir.graph)

    @property
    def composites(self) -> frozenset[str]:
        """The names of the ops that are decomposed, and so run under other names."""
        graph = self._model.ir.graph
        return frozenset(node.name or "" for node in graph if has_trait(node, Trait.COMPOSITE))

    def made_of(self, originals: Collection[str]) -> frozenset[str]:
        """Return the names of the nodes that were made of these of the original alone."""
        return frozenset(
            node.name or ""
            for node in self._model.ir.graph
            if (sources := set(node.metadata_props.get(SOURCE, "").split("\n"))) <= set(originals)
            and sources
        )

    def copies_from(self, original: Explorer) -> frozenset[str]:
        """Return the names of the nodes that do what one node of the original does.

        They are of its op and made of it alone: it was written for some of its columns each.
        """
        ops = {node.name: node.op_type for node in original._model.ir.graph}
        return frozenset(
            node.name or ""
            for node in self._model.ir.graph
            if ops.get(node.metadata_props.get(SOURCE)) == node.op_type
        )

    def _draw(self, batch: int, seed: int, attempt: int, left: Sequence[Site], aims: Aims) -> Feeds:
        """Return a request aimed at the sites that are left or, of a new branch's, at none."""
        if self._often > 1 and attempt % 3 == 1:
            return self.plan.draw(batch=batch, seed=seed, values=_UNUSUAL[attempt // 3 % 3])
        aimed = _aimed(aims, left, attempt)
        length = self._length(aimed, attempt)
        return self.plan.draw(batch=batch, seed=seed, length=length, aims=aimed)

    def _length(self, aimed: Mapping[str, Sequence[float]], attempt: int) -> int | None:
        """Return a length that numbers ask for, as lengths are compared with constants too."""
        lengths = [*_LENGTHS, *_asked(aimed, _LONGEST)]
        return lengths[attempt // 3 % len(lengths)] if attempt % 3 == 0 else None

    def _rows(self, batch: int, attempt: int, left: Sequence[Site], aims: Aims) -> int:
        """Return a number of candidates that numbers ask for, in search of a new branch only."""
        if self._often == 1 or self.plan.fixed_batch is not None or attempt % 3 != 2:
            return batch
        asked = _asked(_aimed(aims, left, attempt), _MOST_CANDIDATES)
        return asked[attempt // 3 % len(asked)] if asked else batch

    def _run(self, feeds: Feeds) -> list[MissedBranch]:
        return self._run_bound(self._bind(feeds), feeds)

    def _run_bound(self, bound: Feeds, drawn: Feeds) -> list[MissedBranch]:
        """Return what a run takes; `drawn` are its feeds for the original, whose lengths count."""
        sites = self._tracker.open_sites
        if self._probe is None:
            return []
        found = self._probe.run(bound, sites)
        self._observed = True
        return self._tracker.add(drawn, dict(zip(sites, found, strict=True)))


def _tells_new(site: Site, known: Collection[NodeName]) -> bool:
    """Return whether a node is new, or what makes its condition."""
    before = site.shown[0].producer()
    return any(_is_new(node, known) for node in (site.node, before) if node is not None)


def _is_new(node: ir.Node, known: Collection[NodeName]) -> bool:
    lookup = has_trait(node, Trait.LOOKUP)
    return _name_of(node) not in known and has_branches(node) and not lookup


def _name_of(node: ir.Node) -> NodeName:
    return node.name, node.op_type


def _aimed(aims: Aims, left: Sequence[Site], attempt: int) -> dict[str, tuple[float, ...]]:
    """Return the numbers of all sites that are left, or of one, in turn."""
    return _join(
        [aims.of(site) for site in (left if attempt % 2 else left[attempt // 2 % len(left) :][:1])]
    )


def _asked(aimed: Mapping[str, Sequence[float]], most: int) -> list[int]:
    """Return the whole numbers at which something may turn, and those behind them."""
    asked = {int(n) for numbers in aimed.values() for n in numbers if 1 < n < most}
    return sorted(n + step for n in asked for step in (0, 1))


def _join(aims: Sequence[Mapping[str, tuple[float, ...]]]) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for each in aims:
        found |= each
    return found


def _elements(feeds: Feeds) -> int:
    return sum(array.size for array in feeds.values())
