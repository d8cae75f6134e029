"""What a session has opened and chosen: the model, the options, the rewrites being tried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.jobs import Job
from mari_engine import Labels, Model, Plan, Role, Signature


@dataclass(frozen=True, eq=False)
class Opened:
    """A model that was opened, and where it came from."""

    model: Model
    key: str
    """Tells this opening from every other in all sessions; caches go by it."""
    path: str
    """What a command line would name."""
    sample: str = ""
    """The sample's name; empty for a model of the user's own."""
    labels: Labels | None = None
    """The labels that lay beside the model, if any did."""
    server_path: str = ""
    """The file on the server's disk, in full; empty for samples and uploads."""
    free_batch: bool = False
    """True where the number of rows that the file fixes was let vary, as by `--free-batch`."""


CONTRACTS = (Signature.DROP_IN, Signature.COMPACT, Signature.BATCHED)
"""The calling contracts that the app offers."""


@dataclass(frozen=True)
class Options:
    """What the rewrite is asked for, beyond the labels."""

    signature: Signature = Signature.DROP_IN
    candidates: int = 500
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Preview:
    """A rewrite that is being tried for labels which nobody has confirmed yet."""

    key: tuple[object, ...]
    """What it is tried for: the model, the labels, the options."""
    job: Job[Plan]
    before: Plan | None
    """The last one that was tried to its end before this one."""


@dataclass(frozen=True)
class Flip:
    """One label put on the other side: its role now and then, and the FLOPs of a request."""

    name: str
    role: Role
    other: Role
    now: int
    then: int | None
    """None where such labels cannot be rewritten for, as `problem` says."""
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Flips:
    """Doubtful labels that are tried on the other side, one by one."""

    key: tuple[object, ...]
    """What they are tried for: the model, the labels, the options."""
    job: Job[tuple[Flip, ...]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Logged requests that were held against labels, and have changed nothing yet."""

    labels: Labels
    """As they stood."""
    learnt: Labels
    """What would be proposed with these requests."""
    places: tuple[Path, ...]
    """The request files, those that were at hand before included."""
    names: tuple[str, ...]
    """Of the new ones."""
