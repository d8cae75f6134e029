"""A catalogue of random items, as a check draws them by the labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mari_engine.feeds import FeedPlan, bind_feeds
from mari_engine.types import Feeds, InputBinding, Interface, PartInput, Signature

KEY = "mari.item"
_AT_ONCE = 2_000
"""Items that are drawn at a time: a request of as many candidates repeats the user's rows."""


def write_drawn(
    path: Path, plan: FeedPlan, inputs: Sequence[PartInput], *, items: int, seed: int
) -> None:
    """Write a Parquet file of so many items, keys 0, 1, ..., with the inputs of an item part."""
    own = Interface(tuple(each for each in inputs if isinstance(each, InputBinding)), ())
    writer: pq.ParquetWriter | None = None
    try:
        for start, count, each in _stretches(items, seed):
            feeds = bind_feeds(plan.draw(batch=count, seed=each), own, Signature.COMPACT)
            table = _table(feeds, start, count)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _stretches(items: int, seed: int) -> Iterator[tuple[int, int, int]]:
    for at, start in enumerate(range(0, items, _AT_ONCE)):
        yield start, min(_AT_ONCE, items - start), seed + at


def _table(feeds: Feeds, start: int, count: int) -> pa.Table:
    columns = {name: _column(array) for name, array in feeds.items()}
    return pa.table({KEY: pa.array(np.arange(start, start + count)), **columns})


def _column(array: np.ndarray) -> pa.Array:
    """Return rows `[N, a, b]` as lists of one length, within one another."""
    column = pa.array(array.reshape(-1))
    for extent in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, extent)
    return column
