from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mari_engine import (
    ItemStore,
    ModelError,
    StoreError,
    benchmark,
    load,
    offload,
    open_offloaded_arm,
    open_session,
    plan,
    write_items,
)
from mari_engine.feeds import make_feeds, plan_feeds
from mari_engine.serving.timing.drawn_catalogue import KEY, write_drawn
from mari_engine.types import Arm, InputBinding
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.item_stores import write_catalogue, write_offloaded
from support.offload_models import joined_tower, label

TOWER = label(u="user", i="item", price="item volatile")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    offload(load(joined_tower(made=64)), TOWER, most_bytes=2000).save(tmp_path / "o")
    return tmp_path / "o"


def test_the_arm_runs_on_what_it_fetches(folder: Path) -> None:
    model = load(joined_tower(made=64))
    with open_offloaded_arm(folder, model, TOWER, items=50) as arm:
        feeds = arm.bind(make_feeds(model, TOWER, batch=7, seed=0))
        assert set(feeds) == {value.name for value in arm.model.ir.graph.inputs}
        assert open_session(arm.model).run(feeds)["score"].shape == (7, 1)
        assert arm.fetch is not None
        (fetched,) = arm.fetch(make_feeds(model, TOWER, batch=7, seed=0))()
        (name,) = (name for name in feeds if name.startswith("item_h0__"))
        assert np.array_equal(fetched, feeds[name])


@pytest.mark.parametrize("text_keys", [False, True])
def test_the_arm_fetches_from_the_users_own_store(
    folder: Path, tmp_path: Path, text_keys: bool
) -> None:
    model = load(joined_tower(made=64))
    rows = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    keys = [f"é{at}" if text_keys else 7 * at for at in range(40)]
    vectors = pa.FixedSizeListArray.from_arrays(rows.reshape(-1), 3)
    pq.write_table(pa.table({"key": keys, "i": vectors}), tmp_path / "c.parquet")
    write_items(folder, tmp_path / "c.parquet", tmp_path / "s", key="key")
    request = make_feeds(model, TOWER, batch=7, seed=0)
    with open_offloaded_arm(folder, model, TOWER, store=tmp_path / "s") as arm:
        assert arm.fetch is not None
        (fetched,) = arm.fetch(request)()
    with ItemStore.open(tmp_path / "s") as store:
        (every,) = store.lookup(keys).values()
        (drawn,) = store.lookup(store.draw_keys(7, seed=0)).values()
    assert np.array_equal(fetched, drawn)
    assert {row.tobytes() for row in fetched} <= {row.tobytes() for row in every}


def test_it_is_told_that_keys_repeat_and_how_many_items_they_are(folder: Path) -> None:
    model = load(joined_tower(made=64))
    with open_offloaded_arm(folder, model, TOWER, items=3) as arm:
        assert arm.remark is not None
        assert arm.remark(500) == (
            "Offloaded: keys are drawn once and repeated in every run; 500 candidates are 3 "
            "distinct items of the 3 in the store"
        )
        assert arm.fetch is not None
        fetch = arm.fetch(make_feeds(model, TOWER, batch=7, seed=0))
        assert np.array_equal(fetch()[0], fetch()[0])


def test_a_store_of_another_model_is_not_timed(folder: Path, tmp_path: Path) -> None:
    model = load(joined_tower(made=64))
    other = write_offloaded(tmp_path / "other")
    write_items(other, write_catalogue(tmp_path / "c.parquet"), tmp_path / "s", key="item_id")
    refused = pytest.raises(StoreError, match="holds the vectors of another item model")
    with refused, open_offloaded_arm(folder, model, TOWER, store=tmp_path / "s"):
        pass


def test_the_arm_is_timed_beside_the_others(folder: Path) -> None:
    model = load(joined_tower(made=64))
    planned = plan(model, TOWER, signature="compact")
    with open_offloaded_arm(folder, model, TOWER, items=50) as arm:
        found = benchmark(
            model, planned, batches=(5,), arms=(Arm.ORIGINAL,), further=[arm], repetitions=3,
            memory=False,
        )  # fmt: skip
    assert [timing.arm for timing in found.timings] == [Arm.ORIGINAL, Arm.OFFLOADED]
    assert found.timings[1].p50 > 0


def test_a_folder_of_another_model_is_refused(folder: Path) -> None:
    other = load(joined_tower(made=32))
    refused = pytest.raises(ModelError, match="was made from another model; offload this one again")
    with refused, open_offloaded_arm(folder, other, TOWER, items=5):
        pass


def test_a_drawn_catalogue_has_the_inputs_as_columns(tmp_path: Path) -> None:
    model = load(joined_tower())
    inputs = (
        InputBinding("i", "float32", ("N", 3), "candidate", "i"),
        InputBinding("price", "float32", ("N", 1), "candidate", "price"),
    )
    write_drawn(tmp_path / "c.parquet", plan_feeds(model, TOWER), inputs, items=4_100, seed=0)
    table = pq.read_table(tmp_path / "c.parquet")
    assert table.column_names == [KEY, "i", "price"]
    assert table[KEY].to_pylist() == list(range(4_100))
    assert {len(row) for row in table["i"].to_pylist()} == {3}
    rows = np.array(table["i"].to_pylist(), np.float32)
    assert len(np.unique(rows[:, 0])) > 4_000  # drawn anew for each stretch
