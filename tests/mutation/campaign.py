"""A campaign: models, the mutants of each, and what the check says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx_ir as ir

from mari_engine import Labels, Model, load, plan, verify
from mari_engine.errors import MariError, ModelError
from mari_engine.feeds import FeedPlan, plan_feeds
from mari_engine.fuzzing import Dialect, random_graph
from mari_engine.runtime import open_session
from mutation.difference import Search
from mutation.kinds import KINDS
from mutation.subject import LENGTH, Change, Fact, Subject, look_at
from mutation.written import write

_REQUESTS = 240
"""How many requests a search for a difference sends."""


class Outcome(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"
    MISSED = "missed"
    EQUIVALENT = "equivalent, or not shown to differ"
    INVALID = "no model that runs"


@dataclass(frozen=True)
class Mutant:
    """A wrong rewrite and what became of it."""

    model: str
    kind: str
    where: str
    outcome: Outcome
    reason: str
    """What the check said, or the request that shows what it missed."""


class Target:
    """A model, its labels, and the optimized model that is changed, certified as it is."""

    def __init__(self, name: str, model: Model, labels: Labels, *, seed: int) -> None:
        self.name = name
        self.original = model
        self.labels = labels
        self._seed = seed
        made = plan(model, labels).optimized
        self.optimized = load(_bytes(made.ir), name=name)
        self.feeds: FeedPlan = plan_feeds(model, labels)
        self._facts: dict[str, Fact] = look_at(self.optimized, self.feeds)
        certificate = verify(model, self.optimized, labels)
        if not certificate.passed:
            raise ModelError(f"{name}: not certified as it is ({certificate.reason})")

    @classmethod
    def read(cls, path: Path, labels: Path, *, seed: int) -> Target:
        """Return the target of a model file and a labels file."""
        return cls(path.stem, load(path), Labels.load(labels), seed=seed)

    @classmethod
    def draw(cls, graph: int, *, seed: int) -> Target:
        """Return the target of a random graph, which has loops, branches and free lengths."""
        drawn = random_graph(graph, Dialect(dtype=np.float32, looping=True))
        name = f"random:{graph}"
        return cls(name, load(drawn.data, name=name), drawn.labels, seed=seed)

    @classmethod
    def write(cls, written: str, *, seed: int) -> Target:
        """Return the target of a small model that is written for this."""
        data, labels = write(written)
        return cls(written, load(data, name=written), labels, seed=seed)

    @cached_property
    def search(self) -> Search:
        """The search for a difference, made when the first mutant is not caught."""
        return Search(self.original, self.optimized, self.feeds, seed=self._seed, count=_REQUESTS)

    def places(self, kind: str) -> int:
        """Return in how many places the model can be changed so."""
        return len(self._changes(kind)[1])

    def mutate(self, kind: str, place: int) -> Mutant:
        """Return what becomes of the model, changed in one place; places are in a random order."""
        subject, changes = self._changes(kind)
        change = changes[place]
        change.apply()

        def became(outcome: Outcome, reason: str) -> Mutant:
            return Mutant(self.name, kind, change.where, outcome, reason)

        try:
            changed = load(_bytes(subject.model), name=self.name)
            request = self.feeds.draw(batch=self.feeds.fixed_batch or 5, seed=11, length=LENGTH)
            open_session(changed, threads=1).run(request)
        except (MariError, ValueError) as error:
            return became(Outcome.INVALID, str(error))
        certificate = verify(self.original, changed, self.labels)
        if not certificate.passed:
            return became(Outcome.CAUGHT, certificate.reason)
        shown = self.search.find(changed, change)
        return became(Outcome.MISSED if shown else Outcome.EQUIVALENT, shown)

    def _changes(self, kind: str) -> tuple[Subject, list[Change]]:
        rng = np.random.default_rng([self._seed, crc32(kind.encode())])
        subject = Subject(self.optimized.ir.clone(), self._facts, self.feeds, rng)
        changes = list(KINDS[kind](subject))
        rng.shuffle(changes)
        return subject, changes


@dataclass(frozen=True)
class Campaign:
    """One mutant of each target and kind, in a random order, then a second one, up to `count`."""

    targets: Sequence[Target]
    count: int
    kinds: Sequence[str] = tuple(KINDS)
    seed: int = 0

    def run(self) -> Iterator[Mutant]:
        """Yield each mutant as it is judged, those that do not run included."""
        cells = [(target, kind) for kind in self.kinds for target in self.targets]
        order = np.random.default_rng(self.seed).permutation(len(cells))
        places = {cells[at]: cells[at][0].places(cells[at][1]) for at in order}
        made = 0
        for at in range(max(places.values(), default=0)):
            for (target, kind), number in places.items():
                if at < number and made < self.count:
                    mutant = target.mutate(kind, at)
                    made += mutant.outcome != Outcome.INVALID
                    yield mutant


def count_by_kind(mutants: Sequence[Mutant]) -> Mapping[str, Mapping[Outcome, int]]:
    """Return how many mutants of each kind had each outcome."""
    return {
        kind: {
            outcome: sum(m.kind == kind and m.outcome == outcome for m in mutants)
            for outcome in Outcome
        }
        for kind in dict.fromkeys(mutant.kind for mutant in mutants)
    }


def _bytes(model: ir.Model) -> bytes:
    return bytes(ir.serde.serialize_model(model).SerializeToString())
