"""Alignment of two graphs: which node of one is which of the other, though names may differ.

Nodes are matched from the surest evidence to the least, each of them once:

1. equal cone and equal use, equal cone, equal use (`node_keys`);
2. neighbors of matched nodes at the same place: of the same local key, of the same operator;
3. the same name and operator, and then neighbors again;
4. neighbors at the same place with as many inputs and results: an operator that was replaced.

Time grows with nodes and edges: a bucket is paired in order, and a pair visited once a step.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence

from mari_engine.graph_diff.node_keys import Numbering, number_nodes
from mari_engine.graph_diff.wiring import Wiring

Key = Callable[[int], Hashable]
"""From the position of a node to what it must have in common with its match."""


class Alignment:
    """The matches between the nodes of two graphs, by position."""

    def __init__(self, first: Wiring, second: Wiring) -> None:
        self.first, self.second = first, second
        self.to_second: dict[int, int] = {}
        self.to_first: dict[int, int] = {}

    def pair(self, one: int, other: int) -> None:
        """Match two nodes that have none yet."""
        self.to_second[one], self.to_first[other] = other, one

    def pair_equal(self, first: Key, second: Key) -> None:
        """Match nodes of equal keys: those of one name, then the others in order."""
        buckets: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for at in range(len(self.first.nodes)):
            if at not in self.to_second:
                buckets[first(at)][0].append(at)
        for at in range(len(self.second.nodes)):
            if at not in self.to_first:
                buckets[second(at)][1].append(at)
        for ones, others in buckets.values():
            if ones and others:
                self._pair_bucket(ones, others)

    def _pair_bucket(self, ones: Sequence[int], others: Sequence[int]) -> None:
        named = {self.second.nodes[at].name: at for at in others}
        for one in ones:
            other = named.get(self.first.nodes[one].name)
            if other is not None:
                self.pair(one, other)
        left = (at for at in ones if at not in self.to_second)
        free = (at for at in others if at not in self.to_first)
        for one, other in zip(left, free, strict=False):
            self.pair(one, other)

    def spread(self, first: Key, second: Key) -> None:
        """Match neighbors of matched nodes that have one place and equal keys, and theirs."""
        queue = deque(self.to_second.items())
        while queue:
            for one, other in self._neighbors(*queue.popleft()):
                fresh = one not in self.to_second and other not in self.to_first
                if fresh and first(one) == second(other):
                    self.pair(one, other)
                    queue.append((one, other))

    def _neighbors(self, one: int, other: int) -> Iterator[tuple[int, int]]:
        a, b = self.first.nodes[one], self.second.nodes[other]
        for name, twin in zip(a.inputs, b.inputs, strict=False):
            makers = self.first.makers.get(name), self.second.makers.get(twin)
            if makers[0] and makers[1] and makers[0][1] == makers[1][1]:
                yield makers[0][0], makers[1][0]
        for name, twin in zip(a.outputs, b.outputs, strict=False):
            left = _only_ones(self.first, name, self.to_second)
            right = _only_ones(self.second, twin, self.to_first)
            yield from ((left[key], right[key]) for key in left if key in right)


def _only_ones(wiring: Wiring, name: str, matched: dict[int, int]) -> dict[Hashable, int]:
    """Return the unmatched readers of a value that alone have their operator and place."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for at, place in wiring.readers.get(name, ()):
        if at not in matched:
            found[wiring.nodes[at].op, place].append(at)
            found[place].append(at)
    return {key: ats[0] for key, ats in found.items() if len(ats) == 1}


def align(first: Wiring, second: Wiring) -> Alignment:
    """Return which nodes of two graphs are the same; of equal structures, each at its position."""
    found = Alignment(first, second)
    if first.structure.digest == second.structure.digest:
        for at in range(len(first.nodes)):
            found.pair(at, at)
        return found
    number = Numbering()
    a, b = number_nodes(first, number), number_nodes(second, number)
    found.pair_equal(lambda at: (a.cone[at], a.use[at]), lambda at: (b.cone[at], b.use[at]))
    found.pair_equal(a.cone.__getitem__, b.cone.__getitem__)
    found.pair_equal(a.use.__getitem__, b.use.__getitem__)
    found.spread(a.local.__getitem__, b.local.__getitem__)
    found.spread(_operator_of(first), _operator_of(second))
    found.pair_equal(_name_of(first), _name_of(second))
    found.spread(_operator_of(first), _operator_of(second))
    found.spread(_arity_of(first), _arity_of(second))
    return found


def _operator_of(wiring: Wiring) -> Key:
    return lambda at: (wiring.nodes[at].domain, wiring.nodes[at].op)


def _name_of(wiring: Wiring) -> Key:
    return lambda at: (wiring.nodes[at].name, wiring.nodes[at].domain, wiring.nodes[at].op)


def _arity_of(wiring: Wiring) -> Key:
    return lambda at: (len(wiring.nodes[at].inputs), len(wiring.nodes[at].outputs))
