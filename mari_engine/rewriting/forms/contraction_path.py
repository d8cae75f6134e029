"""The contraction path of an einsum: which two operands are contracted next, for many candidates.

`[N, E] x [L, E] x [E, H] -> [N, L, H]` costs `N*L*E` + `N*L*E*H` multiplications from left to
right, and `L*E*H` + `N*L*E*H` when what lacks the candidates is contracted first. The problem and
its notation are those of opt_einsum (https://dgasmith.github.io/opt_einsum/): sets of labels,
extents, and a path of pairs. Nothing here refers to tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from mari_engine.axes import CANDIDATES, REQUESTS, Dim

Pair = tuple[int, int]
"""The places of two operands in the list; they leave it, and their product joins at its end."""

_UNKNOWN_EXTENT = 32
"""What an extent other than the candidates' is taken for when only the run knows it."""
_EXHAUSTIVE = 6
"""Operands up to which every path is tried; with more, the cheapest next pair is taken."""
_MOVE = 4.0
"""What an element that is read or written costs, in multiplications."""


@dataclass(frozen=True)
class Operand:
    """The labels of an operand, and whether its elements are known before the model runs."""

    labels: frozenset[int]
    constant: bool = False


@dataclass(frozen=True)
class Einsum:
    """A product of operands, summed over the labels that `output` lacks."""

    operands: tuple[Operand, ...]
    output: frozenset[int]
    extents: Mapping[int, int]

    def elements(self, labels: frozenset[int]) -> int:
        """Return the number of elements along some labels."""
        return math.prod(self.extents[label] for label in labels)


def expected_extents(extents: Mapping[int, Dim], candidates: int) -> dict[int, int]:
    """Return extents as numbers, for so many candidates of one request.

    >>> expected_extents({0: "N", 1: 64, 2: "length"}, 500)
    {0: 500, 1: 64, 2: 32}
    """
    symbols = {CANDIDATES: candidates, REQUESTS: 1}
    return {
        label: dim if isinstance(dim, int) else symbols.get(dim, _UNKNOWN_EXTENT)
        for label, dim in extents.items()
    }


def find_path(einsum: Einsum) -> tuple[Pair, ...]:
    """Return the pairs in the order in which they are contracted; the last makes the result.

    Each pair is chosen anew among the operands that are left then. Their products count as
    computed at run time, those of constants too: nodes are written for them.
    """
    operands, path = list(einsum.operands), list[Pair]()
    while len(operands) > 1:
        pair = _next_pair(einsum, operands)
        operands = _contracted(einsum, operands, pair)
        operands[-1] = Operand(operands[-1].labels)
        path.append(pair)
    return tuple(path)


def path_cost(einsum: Einsum) -> float:
    """Return the cost of the cheapest path, in multiplications, with what it moves."""
    if len(einsum.operands) == 1:
        return float(einsum.elements(einsum.operands[0].labels))
    return _search(einsum, einsum.operands)[0]


def _next_pair(einsum: Einsum, operands: Sequence[Operand]) -> Pair:
    if len(operands) <= _EXHAUSTIVE:
        return _search(einsum, operands)[1]
    pairs = combinations(range(len(operands)), 2)
    return min(pairs, key=lambda pair: _pair_cost(einsum, operands, pair))


def _search(einsum: Einsum, operands: Sequence[Operand]) -> tuple[float, Pair]:
    """Return the cost of the cheapest path, and its first pair."""
    best = (math.inf, (0, 1))
    for pair in combinations(range(len(operands)), 2):
        cost = _pair_cost(einsum, operands, pair)
        if cost < best[0] and len(operands) > 2:
            cost += _search(einsum, _contracted(einsum, operands, pair))[0]
        best = min(best, (cost, pair), key=lambda entry: entry[0])
    return best


def _contracted(einsum: Einsum, operands: Sequence[Operand], pair: Pair) -> list[Operand]:
    """Return the operands that are left, the product of the pair last."""
    left, right = (operands[at] for at in pair)
    rest = [operand for at, operand in enumerate(operands) if at not in pair]
    needed = einsum.output.union(*(operand.labels for operand in rest))
    product = Operand((left.labels | right.labels) & needed, left.constant and right.constant)
    return [*rest, product]


def _pair_cost(einsum: Einsum, operands: Sequence[Operand], pair: Pair) -> float:
    """Return the multiplications of one pair, and what reading and writing it costs."""
    left, right = (operands[at] for at in pair)
    product = _contracted(einsum, operands, pair)[-1]
    read = einsum.elements(left.labels) + einsum.elements(right.labels)
    written = einsum.elements(product.labels)
    if product.constant and written <= read:
        return 0.0  # paid when the model is loaded
    return einsum.elements(left.labels | right.labels) + _MOVE * (read + written)
