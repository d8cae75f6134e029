"""Branches that only the rewritten model has and no request took: what it gives there nobody saw.

Such a branch refuses the rewritten model, unless only requests take it which the original refuses
or does not survive, as that of a user without a history where a GRU then has no rows. Those are
sent to the original in a process of its own, and to it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from mari_engine.errors import ExecutionError, LimitError
from mari_engine.feeds import void_requests
from mari_engine.graph import Model
from mari_engine.isolation import start_beside
from mari_engine.types import Feeds, MissedBranch
from mari_engine.verification.guidance import Explorer
from mari_engine.verification.model_pair import open_own

_CANDIDATES = 3
_SEEDS = (0, 1, 2)
_ENOUGH = 3
"""Requests that take a branch, of which the original must survive none."""


def judge_hidden(
    original: Model, explorer: Explorer, newer: Explorer, requests: Sequence[Feeds]
) -> tuple[str, tuple[str, ...]]:
    """Return why a branch that no request took refuses the rewritten model ("" where none does).

    And a note on each that only requests take which the original does not answer.
    """
    notes = list[str]()
    for missed in _list_hidden(explorer, newer, requests):
        which = f"node {missed.node!r} ({missed.op}: {missed.branch}) of the optimized model"
        if not _takes_unanswered(original, explorer, newer, missed):
            return (
                f"{which} is none of the original's, and no request took that branch; give a "
                "request file that does"
            ), ()
        notes.append(
            f"{which} was not seen: the original refuses the requests that were found to take "
            f"that branch, or does not survive them ({_ENOUGH} without ids, lengths or masks)"
        )
    return "", tuple(notes)


def _list_hidden(
    explorer: Explorer, newer: Explorer, requests: Sequence[Feeds]
) -> Iterator[MissedBranch]:
    """Yield the branches that only the rewritten model has and that no request took.

    Where the original has one of its kind that none took either, it may be that one's copy, or a
    part of the op that it belongs to. A copy for some of its columns chooses as the original does,
    which may have another choice for its other columns.
    """
    if not newer.never_taken:
        return
    newer.observe(requests)
    own = {(missed.op, missed.branch) for missed in explorer.never_taken}
    composites = explorer.composites
    parts = newer.made_of(composites)
    copies = newer.made_of(composites & {missed.node for missed in explorer.never_taken})
    copies |= newer.copies_from(explorer)
    choosing = dict[str, set[str]]()
    for missed in explorer.never_taken:
        choosing.setdefault(missed.branch, set()).add(missed.node)
    pieces = newer.pieces
    alike = {branch: newer.made_of(nodes) for branch, nodes in choosing.items()}
    for missed in newer.never_taken:
        if missed.node in pieces or missed.node in alike.get(missed.branch, ()):
            continue  # a function of numbers, or another op for a choice, which chooses alike
        if missed.node in copies or (missed.node in parts and missed.branch.startswith("a row")):
            continue  # rows of a part may lie otherwise than those of the op
        if (missed.op, missed.branch) not in own:
            yield missed


def _takes_unanswered(
    original: Model, explorer: Explorer, newer: Explorer, missed: MissedBranch
) -> bool:
    """Return True where requests take a branch, and the original answers none of them.

    Of a node that was not made of the original's nothing is known, and none is tried; nor in the
    caller's own process.
    """
    if missed.node not in newer.made_of(explorer.names):
        return False
    found = 0
    for feeds in void_requests(explorer.plan, batch=_CANDIDATES, seeds=_SEEDS):
        if not _takes(newer, feeds, missed):
            continue
        if _answers(original, feeds):
            return False
        found += 1
        if found == _ENOUGH:
            return True
    return False


def _takes(newer: Explorer, feeds: Feeds, missed: MissedBranch) -> bool:
    place = start_beside()
    if place is None:
        return False
    with closing(place), place.used():
        try:
            return newer.takes(feeds, missed)
        except (ExecutionError, LimitError):
            return False


def _answers(original: Model, feeds: Feeds) -> bool:
    place = start_beside()
    if place is None:
        return True
    with closing(place), place.used():
        try:
            open_own(original).run(feeds)
        except (ExecutionError, LimitError):
            return False
    return True
