"""The optimized model's feeds, selected by input, column and row from the original's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mari_engine.errors import FeedError
from mari_engine.types import Feeds, InputBinding, Interface, RequestIndex, Signature


def bind_feeds(feeds: Feeds, interface: Interface, signature: Signature) -> Feeds:
    """Return the optimized model's feeds, made from the original's by its interface.

    For each input: take `source`, pick `columns` of its last axis (`[N, K] -> [N, k]`), and keep
    row 0 (`[1, k]`) where `rows` is "request" and the signature is compact. A batched model gets a
    batch of this one request.

    Raises FeedError naming the input that is missing.
    """
    if signature == Signature.BATCHED:
        return bind_batch([feeds], interface)
    return {item.name: _bind_input(item, feeds, signature) for item in interface.inputs}


def bind_batch(
    requests: Sequence[Feeds], interface: Interface, counts: Sequence[int] | None = None
) -> Feeds:
    """Return the feeds of a batched model for several requests, each as the original takes it.

    Of each request row 0 of what is the request's, and its candidates: all of them, or the first
    `counts` of them. Raises FeedError naming the input that is missing.
    """
    sizes = [_count(feeds, interface) for feeds in requests] if counts is None else list(counts)
    bound: Feeds = {}
    for item in interface.inputs:
        if item.index is not None:
            lengths = np.asarray(sizes, dtype=np.int64)
            rows = np.repeat(np.arange(len(sizes), dtype=np.int64), lengths)
            bound[item.name] = lengths if item.index == RequestIndex.LENGTHS else rows
            continue
        taken = [1] * len(sizes) if item.rows == "request" else sizes
        arrays = [_take_columns(item, feeds) for feeds in requests]
        bound[item.name] = np.concatenate([a[:n] for a, n in zip(arrays, taken, strict=True)])
    return bound


def _count(feeds: Feeds, interface: Interface) -> int:
    """Return the number of candidates of a request."""
    own = next(item for item in interface.inputs if item.rows == "candidate")
    return len(_take_columns(own, feeds))


def _bind_input(item: InputBinding, feeds: Feeds, signature: Signature) -> np.ndarray:
    array = _take_columns(item, feeds)
    if item.rows == "request" and signature == Signature.COMPACT and array.ndim:
        array = array[:1]
    return np.ascontiguousarray(array) if array.ndim else array


def _take_columns(item: InputBinding, feeds: Feeds) -> np.ndarray:
    if item.source not in feeds:
        raise FeedError(f"input {item.source!r} is missing from the request; add it")
    array = feeds[item.source]
    return array if item.columns is None else np.take(array, item.columns, axis=-1)
