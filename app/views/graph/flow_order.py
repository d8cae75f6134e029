"""Topological order of items that may form cycles."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence


def order_by_flow(items: Sequence[int], weights: Mapping[tuple[int, int], float]) -> list[int]:
    """Return the items so that edges go forward; where there are circles, the light ones go back.

    `weights` holds the edges between the items. Among items that are ready the earlier in `items`
    comes first. When none is ready, the one with the best balance of what it gives over what it
    still waits for breaks the circle (Eades, Lin and Smyth's heuristic, 1993).
    """
    place = {item: at for at, item in enumerate(items)}
    after: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    awaited: defaultdict[int, int] = defaultdict(int)
    balance: defaultdict[int, float] = defaultdict(float)
    for (tail, head), weight in weights.items():
        after[tail].append((head, weight))
        awaited[head] += 1
        balance[tail] += weight
        balance[head] -= weight
    ready = [place[item] for item in items if not awaited[item]]
    waiting = {item for item in items if awaited[item]}
    order = []
    while ready or waiting:
        if ready:
            item = items[heapq.heappop(ready)]
        else:
            item = max(waiting, key=lambda other: (balance[other], -place[other]))
            waiting.remove(item)
        order.append(item)
        for head, weight in after[item]:
            awaited[head] -= 1
            balance[head] += weight
            if head in waiting and not awaited[head]:
                waiting.remove(head)
                heapq.heappush(ready, place[head])
    return order
