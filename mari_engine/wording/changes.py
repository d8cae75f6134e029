"""Changes between two models in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mari_engine.types import Change, ChangeKind, Difference
from mari_engine.wording.name_lists import first_names

_NAMES = 3


def changes_in_words(changes: Sequence[Change], most: int = _NAMES) -> str:
    """Return how many changes there are of each kind, with the first names, on one line.

    >>> added = Change(ChangeKind.NODE, "relu", "", "Relu(x)")
    >>> shape = Change(ChangeKind.WEIGHT, "W", "float32[4, 8]", "float32[5, 8]")
    >>> changes_in_words([added, shape])
    'node relu added, weight W is float32[5, 8] and was float32[4, 8]'
    >>> changes_in_words([added, added, added, added])
    '4 nodes added (relu, relu, relu and 1 more)'
    """
    ordered = sorted(changes, key=lambda each: (list(ChangeKind).index(each.kind), _verb(each)))
    groups = groupby(ordered, key=lambda each: (each.kind, _verb(each)))
    return ", ".join(_group(kind, verb, list(group), most) for (kind, verb), group in groups)


def difference_in_words(found: Difference) -> str:
    """Return in one line whether two models differ in more than weights.

    >>> difference_in_words(Difference("a", "b", (), 12, 0, None))
    'the same structure, 12 nodes'
    """
    if not found.same_structure:
        return f"another structure; {found.matched:,} nodes are in both"
    same = f"the same structure, {found.matched:,} nodes"
    same += f", {found.renamed:,} of them renamed" if found.renamed else ""
    return same if found.same else f"{same}; labels, sides or decisions differ"


def change_in_words(change: Change) -> str:
    """Return one change in full."""
    head = f"{change.kind} {change.name}".rstrip()
    if not change.was or not change.now:
        verb, what = ("added", change.now) if change.now else ("removed", change.was)
        return f"{head} {verb}: {what}"
    return f"{head} is {change.now} and was {change.was}"


def _verb(change: Change) -> str:
    if not change.was:
        return "added"
    return "removed" if not change.now else "changed"


def _group(kind: ChangeKind, verb: str, group: Sequence[Change], most: int) -> str:
    if len(group) > 1:
        names = first_names([each.name for each in group], most)
        return f"{len(group)} {kind}s {verb} ({names})"
    (only,) = group
    return change_in_words(only) if verb == "changed" else f"{kind} {only.name} {verb}"
