"""A writer of an item store, killed at each of its writes in turn.

`PYTHONPATH=tests python -m support.store_kills FOLDER` prints one JSON line for each write: which
version is read then, and what the next writer makes of what was left.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mari_engine.errors import StoreError
from mari_engine.serving.items import ItemStore, catalogue, pieces, write_items
from support.item_stores import catalogue_columns, expected, write_catalogue, write_offloaded
from support.kill_points import killed_at

ITEMS = 170


def prepare(folder: Path) -> None:
    """Write an old store, and the catalogue of a new one, in pieces of 32 rows."""
    catalogue.BATCH_ROWS = 16
    pieces._PIECE_BYTES = 32 * 20
    offloaded = write_offloaded(folder / "offloaded")
    for name, seed in (("old", 0), ("new", 1)):
        write_catalogue(folder / f"{name}.parquet", catalogue_columns(ITEMS, seed=seed))
    write_items(offloaded, folder / "old.parquet", folder / "old", key="item_id")


def write(folder: Path) -> Any:
    """Write the new catalogue's items over the old store."""
    return write_items(
        folder / "offloaded", folder / "new.parquet", folder / "store", key="item_id"
    )


def state_of(folder: Path) -> str:
    """Return what the store holds, all of it and nothing else: "old", "new", or what is wrong."""
    try:
        with ItemStore.open(folder / "store") as store:
            store.check()
            for seed, name in enumerate(("old", "new")):
                columns = catalogue_columns(ITEMS, seed=seed)
                if not store.missing(columns["item_id"]).size and len(store) == ITEMS:
                    found = store.lookup(columns["item_id"])
                    wanted = expected(columns, folder / "offloaded")
                    same = all((found[each] == wanted[each]).all() for each in wanted)
                    return name if same else "wrong vectors"
    except StoreError as error:
        return str(error)
    return "mixed"


def outcomes(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what is there after each kill, and after the next writer."""
    prepare(folder)
    number, done = 0, False
    while not done:
        number += 1
        shutil.rmtree(folder / "store", ignore_errors=True)
        shutil.copytree(folder / "old", folder / "store")
        done = killed_at(number, lambda: write(folder))
        state = state_of(folder)
        written = write(folder)
        left = sorted(path.name for path in (folder / "store").iterdir())
        yield {
            "done": done,
            "state": state,
            "resumed": written.resumed,
            "then": state_of(folder),
            "left": [name for name in left if name not in ("CURRENT", written.folder.name)],
        }


if __name__ == "__main__":
    for outcome in outcomes(Path(sys.argv[1])):
        print(json.dumps(outcome), flush=True)
