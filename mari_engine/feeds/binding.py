"""The optimized model's feeds, selected by input, column and row from the original's."""

from __future__ import annotations

import numpy as np

from mari_engine.errors import FeedError
from mari_engine.types import Feeds, InputBinding, Interface, Signature


def bind_feeds(feeds: Feeds, interface: Interface, signature: Signature) -> Feeds:
    """Return the optimized model's feeds, made from the original's by its interface.

    For each input: take `source`, pick `columns` of its last axis (`[N, K] -> [N, k]`), and keep
    row 0 (`[1, k]`) where `rows` is "request" and the signature is compact.

    Raises FeedError naming the input that is missing.
    """
    return {item.name: _bind_input(item, feeds, signature) for item in interface.inputs}


def _bind_input(item: InputBinding, feeds: Feeds, signature: Signature) -> np.ndarray:
    if item.source not in feeds:
        raise FeedError(f"input {item.source!r} is missing from the request; add it")
    array = feeds[item.source]
    if item.columns is not None:
        array = np.take(array, item.columns, axis=-1)
    if item.rows == "request" and signature == Signature.COMPACT and array.ndim:
        array = array[:1]
    return np.ascontiguousarray(array) if array.ndim else array
