"""The arm `offloaded`: the online part, with the fetch of its candidates' values counted.

The store is the user's own, or one of random items, on this machine; random items of it are looked
up, the same in each run, as all arms repeat one request. What the request part computes is not
counted: it runs beside retrieval, before the candidates are known.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mari_engine.analysis import count_cost
from mari_engine.benchmarking import PreparedArm
from mari_engine.errors import ModelError
from mari_engine.feeds import bind_feeds, plan_feeds
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import Session, open_session
from mari_engine.serving.items import ItemStore, write_items
from mari_engine.serving.offload import Offloaded, load_offloaded
from mari_engine.serving.timing.drawn_catalogue import KEY, write_drawn
from mari_engine.types import (
    Arm,
    Feeds,
    FetchedInput,
    InputBinding,
    Interface,
    Labels,
    PartInput,
    PartKind,
    Signature,
)

_ITEMS = 100_000
"""Of the store: larger than what caches hold."""


@contextmanager
def open_offloaded_arm(
    directory: str | Path,
    original: Model,
    labels: Labels,
    *,
    store: str | Path | None = None,
    items: int = _ITEMS,
    seed: int = 0,
) -> Iterator[PreparedArm]:
    """Yield the arm of a folder that `mari offload` wrote, for `benchmark(further=...)`.

    It fetches from the `store` that `mari items` wrote with the folder; without one a store of so
    many random items is made first, and removed afterwards. Raises ModelError for a folder that was
    made from another model, and StoreError for a store of another one.
    """
    offloaded = load_offloaded(directory)
    source = offloaded.manifest.get("source")
    if not isinstance(source, dict) or source.get("sha256") != original.sha256:
        raise ModelError(f"{directory}: was made from another model; offload this one again")
    online = load(offloaded.path_of(PartKind.ONLINE))
    with ExitStack() as stack:
        found = None
        if store is not None:
            found = ItemStore.open(store, item_hash=offloaded.item.item_hash)
        elif PartKind.ITEM in offloaded.parts:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            found = _make_store(place, offloaded, original, labels, items, seed)
        if found is not None:
            stack.enter_context(found)
        feeding = _Feeding(offloaded, found, _request_session(offloaded), seed)
        yield PreparedArm(
            Arm.OFFLOADED, online, feeding.bind, count_cost(online), feeding.fetch,
            feeding.remark if found is not None else None,
        )  # fmt: skip


def _make_store(
    place: Path, offloaded: Offloaded, original: Model, labels: Labels, items: int, seed: int
) -> ItemStore:
    catalogue, plan = place / "items.parquet", plan_feeds(original, labels)
    write_drawn(catalogue, plan, offloaded.item.inputs, items=items, seed=seed)
    write_items(offloaded.directory, catalogue, place / "store", key=KEY)
    return ItemStore.open(place / "store", item_hash=offloaded.item_hash)


def _request_session(offloaded: Offloaded) -> Session | None:
    if PartKind.REQUEST not in offloaded.parts:
        return None
    return open_session(load(offloaded.path_of(PartKind.REQUEST)), threads=1)


@dataclass(frozen=True, eq=False)
class _Feeding:
    """What the online part takes: of the request itself, of the request part, and of the store."""

    offloaded: Offloaded
    store: ItemStore | None
    request: Session | None
    seed: int

    def bind(self, feeds: Feeds) -> Feeds:
        """Return the online part's feeds for a request of the original."""
        inputs = self.offloaded.parts[PartKind.ONLINE].inputs
        known = _own(inputs, feeds)
        if self.request is not None:
            own = self.offloaded.parts[PartKind.REQUEST].inputs
            known |= self.request.run(_own(own, feeds))
        if self.store is not None:
            known |= self.store.lookup(self._keys(feeds))
        names = {each.name: each.output for each in inputs if isinstance(each, FetchedInput)}
        return {each.name: known[names.get(each.name, each.name)] for each in inputs}

    def fetch(self, feeds: Feeds) -> Callable[[], Sequence[np.ndarray]]:
        """Return what fetches a request's values into arrays, which the model reads in place."""
        store, keys = self.store, self._keys(feeds)
        if store is None:
            return lambda: ()
        return lambda: list(store.lookup(keys).values())

    def remark(self, candidates: int) -> str:
        """Say which keys are looked up for so many candidates: the same ones in every run."""
        assert self.store is not None
        keys = self.store.draw_keys(candidates, seed=self.seed)
        return (
            f"Offloaded: keys are drawn once and repeated in every run; {candidates:,} candidates "
            f"are {len(np.unique(keys)):,} distinct items of the {len(self.store):,} in the store"
        )

    def _keys(self, feeds: Feeds) -> np.ndarray:
        """Return the keys of as many random items as the request has candidates."""
        if self.store is None:
            return np.zeros(0, np.int64)
        own = _own(self.offloaded.item.inputs, feeds)
        rows = min(len(array) for array in own.values())
        return self.store.draw_keys(rows, seed=self.seed)


def _own(inputs: tuple[PartInput, ...], feeds: Feeds) -> Feeds:
    """Return those of a part's inputs that the original's feeds fill."""
    bindings = tuple(each for each in inputs if isinstance(each, InputBinding))
    return bind_feeds(feeds, Interface(bindings, ()), Signature.COMPACT)
