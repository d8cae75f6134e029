"""Branch coverage: which ways of the original's ops the requests of a check took, and which not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Size
from mari_engine.graph import Model, all_inputs, list_bodies
from mari_engine.ops import Branches, rule_of
from mari_engine.runtime import is_readable, open_exposed
from mari_engine.types import Coverage, Feeds, MissedBranch

Lengths = Sequence[tuple[str, int]]
"""Inputs, and their axes, of free length."""

_USUAL = 6
"""Lengths above are long."""


@dataclass(frozen=True, eq=False)
class Site:
    """A node that has several branches, and the values that show which it took."""

    node: ir.Node
    branches: Branches
    shown: tuple[ir.Value, ...]


def find_sites(model: Model, survey: Survey) -> tuple[list[Site], tuple[str, ...]]:
    """Return the sites of the main graph that depend on an input, and what no run can show.

    The latter are names of nodes: those in the bodies of loops and conditionals, and those of types
    that have no arrays.
    """
    sites, unseen = list[Site](), list[str]()
    varying = set[ir.Value](model.ir.graph.inputs)
    for node in model.ir.graph:
        if varying.isdisjoint(all_inputs(node)):
            continue
        varying.update(node.outputs)
        unseen += [inner.name or inner.op_type for inner in _inner_nodes(node) if _shown_by(inner)]
        shown = _shown_by(node)
        if not shown or shown[0] not in varying or _is_settled(node, shown[0], survey):
            continue
        if not all(map(is_readable, shown)):
            unseen.append(node.name or node.op_type)
        elif (rule := rule_of(node)) is not None and rule.branches is not None:
            sites.append(Site(node, rule.branches, shown))
    told = {site.shown[0] for site in sites if site.shown[0] in site.node.inputs}
    return [site for site in sites if site.shown[0] not in told & set(site.node.outputs)], (
        *dict.fromkeys(unseen),
    )


def has_branches(node: ir.Node) -> bool:
    """Return whether an op does one thing or another by its operands."""
    return bool(_shown_by(node))


def _is_settled(node: ir.Node, shown: ir.Value, survey: Survey) -> bool:
    """Return True where no run decides: what tells a branch is a constant, or the result is known.

    An extent is known by name alone: `Min(L, 50)` turns where the run is longer than 50.
    """
    fact = survey.values.get(shown)
    if fact is None or not survey.is_static(shown):
        return False
    constant = fact.content is not None and fact.content.dtype != object
    return constant or not isinstance(fact.uniform, Size) or survey.is_static(node.outputs[0])


def _inner_nodes(node: ir.Node) -> Iterator[ir.Node]:
    for body in list_bodies(node):
        for inner in body:
            yield inner
            yield from _inner_nodes(inner)


def _shown_by(node: ir.Node) -> tuple[ir.Value, ...]:
    rule = rule_of(node)
    values = () if rule is None or rule.branches is None else rule.branches.shown(node)
    return tuple(value for value in values if value is not None)


class Probe:
    """The original, cut down to what shows the branches it takes, in its own precision."""

    def __init__(self, model: Model, sites: Sequence[Site]) -> None:
        """Raise ExecutionError when the runtime refuses the model."""
        outside = {value.name for value in model.ir.graph.inputs}
        wanted = {value.name for site in sites for value in site.shown} - outside
        self._session = open_exposed(model, wanted, alone=True) if wanted else None

    def run(self, feeds: Feeds, sites: Sequence[Site]) -> list[Mapping[str, np.ndarray]]:
        """Return which branches of these sites a request takes; ExecutionError if it is refused."""
        names = {value.name or "" for site in sites for value in site.shown} - set(feeds)
        found = dict(feeds)
        if names and self._session is not None:
            found |= self._session.run(feeds, only=tuple(names))
        return [
            site.branches.taken(site.node, [found[value.name or ""] for value in site.shown])
            for site in sites
        ]


class Tracker:
    """What was reached so far, by site and branch, place by place where a branch has places."""

    def __init__(self, sites: Sequence[Site], lengths: Lengths, *, often: int = 1) -> None:
        self._sites = sites
        self._often = often
        """How many requests are to take each branch."""
        self._requests = Counter[tuple[Site, str]]()
        self._taken: dict[tuple[Site, str], dict[tuple[int, ...], np.ndarray]] = {}
        self._lengths = {
            place: {"length 0": False, "length 1": False, f"more than {_USUAL} long": False}
            for place in lengths
        }

    def add(
        self, feeds: Feeds, found: Mapping[Site, Mapping[str, np.ndarray]]
    ) -> list[MissedBranch]:
        """Note what one request took, and return what of it too few had taken before."""
        self._note_lengths(feeds)
        new = []
        for site, branches in found.items():
            for branch, hit in branches.items():
                by_shape = self._taken.setdefault((site, branch), {})
                by_shape[hit.shape] = by_shape.get(hit.shape, np.array(False)) | hit
                if hit.any():
                    self._requests[site, branch] += 1
                    if self._requests[site, branch] <= self._often:
                        new.append(_missed(site, branch))
        return new

    @property
    def open_sites(self) -> list[Site]:
        """The sites that have never run, or of which some branch is not reached at all places."""
        left = {site for (site, _), held in self._taken.items() if _share(held) < 1}
        left |= self.untaken.keys()
        seen = {site for site, _ in self._taken}
        return [site for site in self._sites if site in left or site not in seen]

    @property
    def untaken(self) -> dict[Site, list[str]]:
        """The branches that too few requests took, at whichever place."""
        found: dict[Site, list[str]] = {}
        for site, branch in self._taken:
            if self._requests[site, branch] < self._often:
                found.setdefault(site, []).append(branch)
        return found

    @property
    def never_taken(self) -> tuple[MissedBranch, ...]:
        """The branches that no request took at any place."""
        return tuple(_missed(*key) for key, held in self._taken.items() if not _share(held))

    def coverage(self, unseen: Sequence[str]) -> Coverage:
        """Return what was reached in all."""
        lengths = [
            MissedBranch(name, "", branch)
            for (name, _), branches in self._lengths.items()
            for branch, reached in branches.items()
            if not reached
        ]
        part = [
            _missed(site, branch + _places(held))
            for (site, branch), held in self._taken.items()
            if _share(held) < 1
        ]
        branches = len(self._taken) + sum(len(each) for each in self._lengths.values())
        missed = (*part, *lengths)
        return Coverage(branches, branches - len(missed), missed, tuple(unseen))

    def _note_lengths(self, feeds: Feeds) -> None:
        for (name, axis), reached in self._lengths.items():
            length = feeds[name].shape[axis]
            for branch, hit in zip(
                reached, (not length, length == 1, length > _USUAL), strict=True
            ):
                reached[branch] |= hit


def join_coverages(first: Coverage | None, other: Coverage | None) -> Coverage | None:
    """Return what was reached of two models together."""
    if first is None or other is None:
        return first or other
    return Coverage(
        first.branches + other.branches,
        first.reached + other.reached,
        first.missed + other.missed,
        tuple(dict.fromkeys(first.unseen + other.unseen)),
    )


def _missed(site: Site, branch: str) -> MissedBranch:
    return MissedBranch(site.node.name or "", site.node.op_type, branch)


def _share(by_shape: Mapping[tuple[int, ...], np.ndarray]) -> float:
    """Return the share of places that were reached, of the length where it is largest."""
    return max(float(held.mean()) for held in by_shape.values())


def _places(by_shape: Mapping[tuple[int, ...], np.ndarray]) -> str:
    held = max(by_shape.values(), key=lambda held: float(held.mean()))
    return f" at {held.size - int(held.sum())} of {held.size} places" if held.any() else ""
