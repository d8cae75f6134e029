"""Ranks of request patterns: how many numbers of a row a pattern takes, seen over candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mari_engine.axes import AxisLabels
from mari_engine.metering.multiplications import Multiplication
from mari_engine.metering.rank import affine_rank
from mari_engine.metering.request_patterns import Patterns
from mari_engine.metering.variation import Array, Mask

_MOST_NUMBERS = 2
"""A norm's row has a mean and a deviation; what takes more is no pattern, but folded."""
_LOOKED_AT = 256
"""Patterns of one operand that are looked at, and columns of each, evenly spread."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """The patterns of an operand, each with the numbers that it takes per candidate."""

    patterns: Patterns
    ranks: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class PatternCount:
    """The elements of an operand that are multiplied once, and what takes their place."""

    mask: Mask
    numbers: Array
    """For each place of the labels that are not summed: multiplications of each result there."""
    others: int
    """Results that each of these places has."""

    @property
    def total(self) -> float:
        """The multiplications per candidate."""
        return float(self.numbers.sum()) * self.others


def rank_patterns(patterns: Patterns, rows: Array) -> Ranked:
    """Return the patterns that the rows `[N, ...]` of N candidates bear out, with their ranks.

    A pattern is borne out where its columns are `x0 + z B` with z `[N, q]` and q at most 2. Of very
    many patterns some are looked at, and the others taken for as large as the largest of these.
    """
    data, flat = rows.reshape(len(rows), -1), patterns.ravel()
    order = np.argsort(flat, kind="stable")
    names, starts = np.unique(flat[order], return_index=True)
    members = dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
    found = [name for name in members if name >= 0 and len(members[name]) > 1]
    looked = [found[at] for at in _spread_out(len(found))]
    ranks = dict[int, int]()
    for name in looked:
        columns = members[name]
        ranks[name] = affine_rank(data[:, columns[_spread_out(len(columns))]])
    largest = max(ranks.values(), default=0)
    ranks = {name: ranks.get(name, largest) for name in found}
    return Ranked(patterns, {name: rank for name, rank in ranks.items() if rank <= _MOST_NUMBERS})


def count_patterns(
    patterns: Patterns, ranks: Mapping[int, int], labels: AxisLabels, work: Multiplication
) -> PatternCount | None:
    """Return which elements are multiplied once, and how many multiplications take their place.

    `patterns` has an axis for each of `labels`. In each slice along the labels that are not summed,
    the columns of a pattern take as many multiplications for each result as its rank.
    """
    outer = [at for at, label in enumerate(labels) if label not in work.summed]
    inner = [at for at, label in enumerate(labels) if label in work.summed]
    laid = patterns.transpose([*outer, *inner])
    slices = math.prod(laid.shape[: len(outer)])
    columns = np.maximum(laid.reshape(slices, -1), -1)
    many = int(patterns.max(initial=0)) + 1
    rank_of = np.full(many + 1, -1)
    for name, rank in ranks.items():
        if name < many:
            rank_of[name] = rank
    held = (columns >= 0) & (rank_of[columns] >= 0)
    keys = np.arange(slices)[:, None] * many + columns
    groups, inverse, counts = np.unique(keys[held], return_inverse=True, return_counts=True)
    numbers = rank_of[groups % many]
    fewer = numbers < counts
    if not fewer.any():
        return None
    mask = np.zeros(columns.shape, np.bool_)
    mask[held] = fewer[inverse]
    back = np.argsort([*outer, *inner])
    others = math.prod(extent for label, extent in work.extents.items() if label not in labels)
    taken = np.bincount(groups[fewer] // many, numbers[fewer], slices)
    own = taken.reshape(laid.shape[: len(outer)])
    return PatternCount(mask.reshape(laid.shape).transpose(back), own, others)


def _spread_out(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, max(0, count - 1), min(count, _LOOKED_AT)).astype(int))
