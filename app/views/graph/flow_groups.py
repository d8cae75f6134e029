"""Groups of vertices that never feed each other in a circle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

Label = TypeVar("Label", bound=Hashable)


def group_acyclic(
    members: Sequence[int], labels: Sequence[Label], before: Sequence[Sequence[int]]
) -> list[tuple[Label, list[int]]]:
    """Return every member in one group of its label, so that the graph of groups has no circle.

    `members` are in topological order, `labels` theirs; `before` holds the predecessors of each
    vertex. A member joins the newest group of its label that it can join without a circle, and
    begins one where there is none. Groups come in the order of their first members.
    """
    groups = _AcyclicGroups[Label]()
    group_of: dict[int, int] = {}
    for member, label in zip(members, labels, strict=True):
        feeders = {group_of[other] for other in before[member] if other in group_of}
        group_of[member] = groups.place(member, label, feeders)
    return [*zip(groups.labels, groups.members, strict=True)]


class _AcyclicGroups(Generic[Label]):
    """Groups under construction; which lead to which is kept as sets of bits."""

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self.members: list[list[int]] = []
        self.named: defaultdict[Label, list[int]] = defaultdict(list)
        self.ahead: list[int] = []
        """By group: the groups that lead to it, a bit for each."""
        self.leading: set[int] = set()
        """The groups that lead to any."""

    def place(self, member: int, label: Label, feeders: set[int]) -> int:
        """Put a member that these groups feed into a group, and return it."""
        group = next(self._open_to(label, feeders), None)
        if group is None:
            group = len(self.labels)
            self.labels.append(label)
            self.members.append([])
            self.named[label].append(group)
            self.ahead.append(0)
        self.members[group].append(member)
        self._lead(feeders - {group}, group)
        return group

    def _open_to(self, label: Label, feeders: set[int]) -> Iterator[int]:
        """Yield the groups of the label that lead to none of the feeders, the newest first."""
        for group in reversed(self.named[label]):
            others = feeders - {group}
            if not any(self.ahead[feeder] >> group & 1 for feeder in others):
                yield group

    def _lead(self, feeders: set[int], group: int) -> None:
        """Note that the feeders lead to the group, and so to all that it leads to."""
        added = 0
        for feeder in feeders:
            added |= self.ahead[feeder] | 1 << feeder
        if not added & ~self.ahead[group]:
            return
        self.ahead[group] |= added
        self.leading |= feeders
        if group not in self.leading:  # as most: a vertex that stands alone is a group
            return
        for other, ahead in enumerate(self.ahead):
            if ahead >> group & 1:
                self.ahead[other] |= added
