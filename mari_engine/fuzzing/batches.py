"""A case's requests in batches, for models that take several: each gets what it gets alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from mari_engine.feeds import bind_batch
from mari_engine.types import Feeds, Interface

_MOST = 5
"""Requests of a batch."""

Batch = tuple[int, ...]
"""Requests by their places."""


def find_batches(requests: Mapping[int, Feeds], interface: Interface) -> Iterator[Batch]:
    """Yield batches of requests that fit together, in two orders: histories are as long."""
    alike = defaultdict[object, list[int]](list)
    for at, feeds in requests.items():
        bound = bind_batch([feeds], interface)
        inner = tuple(bound[item.name].shape[1:] for item in interface.inputs)
        alike[inner].append(at)
    for places in alike.values():
        several = tuple(places[:_MOST])
        if len(several) > 1:
            yield several
            yield several[::-1]


def join_requests(requests: Sequence[Feeds], interface: Interface) -> tuple[Feeds, list[int]]:
    """Return a batch's feeds, and how many candidates each request has."""
    bound = bind_batch(requests, interface)
    own = next(item.source for item in interface.inputs if item.rows == "candidate")
    return bound, [len(feeds[own]) for feeds in requests]
