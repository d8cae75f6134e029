"""Layered graph drawing: rows from top to bottom, few crossings, straight long edges.

The steps are those of Sugiyama, Tagawa and Toda ("Methods for visual understanding of hierarchical
system structures", 1981): rank by longest path, order by barycenters, then place each row as near
to its neighbors as the widths allow. Wide rows are wrapped, so that a graph with hundreds of
inputs does not become one endless line. Report and app draw with it.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

BEND_WIDTH = 16.0
"""The room, in pixels, that an edge needs where it passes through a row."""
GAP = 24.0
"""The least distance, in pixels, between neighbors in a row."""
_SWEEPS = 4
_COUNTED_EDGES = 4000
"""Crossings are counted, to keep the best of several orders, up to this many edges."""


@dataclass(frozen=True)
class LayeredLayout:
    """Rows and horizontal centers, in pixels, of the items, and the bends of the long edges."""

    row: tuple[int, ...]
    x: tuple[float, ...]
    bends: dict[tuple[int, int], tuple[tuple[int, float], ...]]
    """By edge: (row, x) in each row that it passes, in the edge's direction."""


def place_layers(widths: Sequence[float], edges: Sequence[tuple[int, int]]) -> LayeredLayout:
    """Return a layered placement of items, given by width in pixels in the order of data flow.

    `edges` are pairs of items (tail, head). Edges against the order of flow are drawn upwards and
    do not shape the rows.
    """
    count = len(widths)
    forward = sorted({(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]})
    rows = _wrapped(_ranks(count, forward), forward, count)
    chains = _add_bends(rows, _row_of(rows, count), forward)
    links = [pair for chain in chains.values() for pair in itertools.pairwise(chain)]
    sizes = [*widths, *([BEND_WIDTH] * (sum(map(len, rows)) - count))]
    order = _ordered(rows, links, len(sizes))
    x = _placed(order, links, sizes)
    row = _row_of(order, len(sizes))
    middle = (min(x[:count]) + max(x[:count])) / 2 if count else 0.0
    bends = {}
    for edge in edges:
        chain = chains.get((min(edge), max(edge)), [])[1:-1]
        if chain:
            points = [(row[item], x[item] - middle) for item in chain]
            bends[edge] = tuple(points if edge[0] < edge[1] else reversed(points))
    return LayeredLayout(tuple(row[:count]), tuple(value - middle for value in x[:count]), bends)


def _row_of(rows: Sequence[Sequence[int]], size: int) -> list[int]:
    row_of = [0] * size
    for at, row in enumerate(rows):
        for item in row:
            row_of[item] = at
    return row_of


def _ranks(count: int, forward: Sequence[tuple[int, int]]) -> list[int]:
    """Rank by longest path, then let down whatever that does not make longer."""
    rank = [0] * count
    for tail, head in forward:  # sorted by tail, and every edge goes to a later item
        rank[head] = max(rank[head], rank[tail] + 1)
    before, after = _sides(count, forward)
    for item in reversed(range(count)):
        if after[item] and len(before[item]) <= len(after[item]):
            rank[item] = min(rank[head] for head in after[item]) - 1
    return rank


def _sides(count: int, links: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for tail, head in links:
        before[head].append(tail)
        after[tail].append(head)
    return before, after


def _wrapped(ranks: list[int], forward: Sequence[tuple[int, int]], count: int) -> list[list[int]]:
    """Return the rows; a rank that is too wide takes several, in the order of its neighbors."""
    cap = max(8, round(1.2 * math.sqrt(count)))
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for item, rank in enumerate(ranks):
        rows[rank].append(item)
    if all(len(row) <= cap for row in rows):
        return [row for row in rows if row]
    rows = _ordered(rows, [(t, h) for t, h in forward if ranks[h] == ranks[t] + 1], count)
    out = []
    for row in rows:
        lines = max(1, math.ceil(len(row) / cap))
        length = math.ceil(len(row) / lines)
        out += [row[at : at + length] for at in range(0, len(row), length)]
    return out


def _add_bends(
    rows: list[list[int]], rank: list[int], forward: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], list[int]]:
    """Insert a bend into each row that an edge passes; return each edge as a chain of items.

    Edges that pass more rows than the budget allows stay straight.
    """
    fresh = len(rank)
    budget = 4 * len(rank) + 400
    chains = {}
    for tail, head in sorted(forward, key=lambda edge: rank[edge[1]] - rank[edge[0]]):
        between = range(rank[tail] + 1, rank[head])
        budget -= len(between)
        if budget < 0:
            break
        chain = [tail]
        for row in between:
            rows[row].append(fresh)
            chain.append(fresh)
            fresh += 1
        chains[tail, head] = [*chain, head]
    return chains


def _ordered(rows: list[list[int]], links: Sequence[tuple[int, int]], size: int) -> list[list[int]]:
    """Return the rows in an order with few crossings, never more than they came with."""
    before, after = _sides(size, links)
    best = current = [list(row) for row in rows]
    counted = len(links) <= _COUNTED_EDGES
    fewest = _crossings(current, after) if counted else -1
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        current = _swept(current, before if sweep % 2 == 0 else after, down=sweep % 2 == 0)
        if not counted:
            best = current
            continue
        found = _crossings(current, after)
        if found < fewest:
            best, fewest = current, found
    return best


def _swept(rows: list[list[int]], neighbors: list[list[int]], *, down: bool) -> list[list[int]]:
    """Return each row sorted by the mean place of its items' neighbors."""
    place: dict[int, float] = {}
    out: list[list[int]] = [[] for _ in rows]
    for at in range(len(rows)) if down else reversed(range(len(rows))):
        width = max(1, len(rows[at]))
        keys = {}
        for position, item in enumerate(rows[at]):
            near = [place[other] for other in neighbors[item] if other in place]
            keys[item] = sum(near) / len(near) if near else position / width
        out[at] = sorted(rows[at], key=lambda item: keys[item])
        place |= {item: position / width for position, item in enumerate(out[at])}
    return out


def _crossings(rows: list[list[int]], after: list[list[int]]) -> int:
    """Count the pairs of links between adjacent rows that cross."""
    total = 0
    for upper, lower in itertools.pairwise(rows):
        place = {item: position for position, item in enumerate(lower)}
        seen: list[int] = []
        for item in upper:
            heads = sorted(place[head] for head in after[item] if head in place)
            total += sum(len(seen) - bisect_right(seen, head) for head in heads)
            for head in heads:
                insort(seen, head)
    return total


def _placed(
    rows: list[list[int]], links: Sequence[tuple[int, int]], sizes: Sequence[float]
) -> list[float]:
    """Return horizontal centers: each row as near as possible to its neighbors' centers."""
    x = [0.0] * len(sizes)
    if all(len(row) == 1 for row in rows):
        return x
    before, after = _sides(len(sizes), links)
    for row in rows:
        spread_row(row, [0.0] * len(row), sizes, x)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbors = before if down else after
        for row in rows if down else reversed(rows):
            wanted = [
                sum(x[other] for other in neighbors[item]) / len(neighbors[item])
                if neighbors[item]
                else x[item]
                for item in row
            ]
            spread_row(row, wanted, sizes, x)
    return x


def spread_row(
    row: Sequence[int], wanted: Sequence[float], sizes: Sequence[float], x: list[float]
) -> None:
    """Set the centers of a row's items: in order, apart, and least squares from the wanted ones.

    With the distances taken off this is an isotonic regression; pooling adjacent violators
    solves it in one pass.
    """
    if len(row) == 1:
        x[row[0]] = wanted[0]
        return
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (sizes[left] + sizes[right]) / 2 + GAP)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        mean, weight = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, heavy = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight += heavy
        pools.append((mean, weight))
    places = [mean for mean, weight in pools for _ in range(weight)]
    for item, mean, offset in zip(row, places, offsets, strict=True):
        x[item] = mean + offset
