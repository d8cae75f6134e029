"""The reading side: lookups, and stores that are damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mari_engine.errors import MissingItems, StoreError
from mari_engine.serving.items import ItemStore, write_items
from mari_engine.types import Feeds
from support.item_stores import (
    HASH,
    PRICE,
    VECTOR,
    WIDTH,
    catalogue_columns,
    expected,
    write_catalogue,
    write_offloaded,
)

COLUMNS = catalogue_columns()
KEYS = COLUMNS["item_id"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    offloaded = write_offloaded(folder / "offloaded")
    write_items(offloaded, write_catalogue(folder / "c.parquet"), folder / "s", key="item_id")
    return folder


@pytest.fixture
def store(written: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may damage."""
    return Path(shutil.copytree(written / "s", tmp_path / "s"))


def version_of(store: Path) -> Path:
    return store / (store / "CURRENT").read_text().strip()


def test_items_are_looked_up_in_the_order_of_the_keys(written: Path) -> None:
    order = np.random.default_rng(1).integers(0, len(KEYS), 500)
    with ItemStore.open(written / "s", item_hash=HASH) as store:
        found = store.lookup(KEYS[order])
        assert len(store) == len(KEYS)
    wanted = expected(COLUMNS, written / "offloaded")
    assert list(found) == [VECTOR, PRICE]
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        assert found[name].tolist() == array[order].tolist()


def test_what_was_looked_up_is_the_callers_own(written: Path) -> None:
    with ItemStore.open(written / "s") as store:
        store.lookup(KEYS[:3])[VECTOR][:] = 0
        assert store.lookup(KEYS[:3])[VECTOR].any()


def test_no_keys_give_no_rows(written: Path) -> None:
    with ItemStore.open(written / "s") as store:
        assert store.lookup([])[VECTOR].shape == (0, WIDTH)


def test_texts_are_looked_up_and_half_precision_stays_what_it_is(tmp_path: Path) -> None:
    columns = catalogue_columns(text_keys=True)
    offloaded = write_offloaded(tmp_path / "offloaded", dtype="float16")
    write_items(
        offloaded, write_catalogue(tmp_path / "c.parquet", columns), tmp_path / "s", key="item_id"
    )
    with ItemStore.open(tmp_path / "s") as store:
        found = store.lookup(columns["item_id"])
        assert store.missing(["item 1", columns["item_id"][0], ""]).tolist() == [0, 2]
    assert found[VECTOR].dtype == np.float16
    for name, array in expected(columns, offloaded).items():
        assert found[name].tolist() == array.tolist()


def test_missing_items_are_named(written: Path) -> None:
    with ItemStore.open(written / "s") as store:
        assert store.missing([KEYS[0], -1, KEYS[1], -2]).tolist() == [1, 3]
        with pytest.raises(MissingItems) as caught:
            store.lookup([*KEYS[:9], *range(-1, -8, -1)])
    assert str(caught.value) == (
        f"{written / 's'}: has no item of 'item_id' -1, -2, -3, -4, -5 and 2 more; run 'mari items'"
        " on a catalogue with them, or compute them on the spot (compute=)"
    )


def test_missing_items_are_computed_on_the_spot(written: Path) -> None:
    asked: list[list[int]] = []

    def compute(at: np.ndarray) -> Feeds:
        asked.append(at.tolist())
        return {
            VECTOR: np.full((len(at), WIDTH), 7, np.float32),
            PRICE: np.full((len(at), 1), 8, np.float32),
        }

    with ItemStore.open(written / "s") as store:
        found = store.lookup([-1, KEYS[5], -2], compute=compute)
        known = store.lookup(KEYS[5:6], compute=compute)
    assert asked == [[0, 2]]
    assert found[VECTOR].tolist() == [[7] * WIDTH, known[VECTOR][0].tolist(), [7] * WIDTH]
    assert found[PRICE].tolist() == [[8], known[PRICE][0].tolist(), [8]]


@pytest.mark.parametrize(
    ("computed", "message"),
    [
        ({}, f"'{VECTOR}' is missing; run the item part of hash 3fa9c1d2"),
        ({VECTOR: np.ones((2, WIDTH), np.float32)}, r"is float32 \[2, 4\]"),
        ({VECTOR: np.ones((1, WIDTH))}, r"is float64 \[1, 4\]"),
    ],
)
def test_what_is_computed_must_fit(written: Path, computed: Feeds, message: str) -> None:
    with (
        ItemStore.open(written / "s") as store,
        pytest.raises(StoreError, match=f"what was computed for items .*{message}"),
    ):
        store.lookup([-1], compute=lambda at: computed)


def test_keys_of_another_type_are_refused(written: Path) -> None:
    with ItemStore.open(written / "s") as store:
        with pytest.raises(StoreError, match="keys 'item_id': are text, and the store's are int64"):
            store.lookup(["1"])
        with pytest.raises(StoreError, match="keys 'item_id': are float64"):
            store.missing([1.5])


def test_a_store_of_another_model_is_refused(written: Path) -> None:
    with pytest.raises(StoreError) as caught:
        ItemStore.open(written / "s", item_hash="77" * 32)
    assert str(caught.value) == (
        f"{written / 's'}: holds the vectors of another item model (3fa9c1d2, and not 77777777); "
        "run 'mari items' with this model's folder"
    )


def refusal(store: Path) -> str:
    with pytest.raises(StoreError) as caught:
        ItemStore.open(store)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["items.arrow", "items.parquet"])
def test_a_file_that_is_cut_short_or_missing_is_named(name: str, store: Path) -> None:
    path = version_of(store) / name
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(store) == (
        f"{path}: has {size - 1} of {size} bytes; copy the store again, or run 'mari items'"
    )
    path.unlink()
    assert refusal(store) == f"{path}: is missing; copy the store again, or run 'mari items'"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["items.arrow", "items.parquet"])
def test_a_byte_that_changed_is_found_when_all_is_checked(name: str, store: Path) -> None:
    path = version_of(store) / name
    flip(path, path.stat().st_size // 2)
    with ItemStore.open(store) as opened, pytest.raises(StoreError) as caught:
        opened.check()
    assert str(caught.value) == f"{path}: was changed after it was written; run 'mari items' again"


def key_bytes(store: Path) -> tuple[Path, int]:
    """Return the Arrow file, and where its keys begin."""
    path = version_of(store) / "items.arrow"
    keys = np.sort(KEYS)
    return path, path.read_bytes().index(keys.tobytes())


def test_an_index_out_of_order_is_refused(store: Path) -> None:
    path, at = key_bytes(store)
    keys = np.sort(KEYS)
    keys[[7, 8]] = keys[[8, 7]]
    data = bytearray(path.read_bytes())
    data[at : at + keys.nbytes] = keys.tobytes()
    path.write_bytes(data)
    assert refusal(store) == (
        f"{path}: rows 7 and 8: the keys {keys[7]} and {keys[8]} are not in order, so that none "
        "can be found; run 'mari items' again"
    )


def test_a_key_that_stands_twice_in_an_index_is_refused(store: Path) -> None:
    path, at = key_bytes(store)
    keys = np.sort(KEYS)
    data = bytearray(path.read_bytes())
    data[at + 8 : at + 16] = keys[:1].tobytes()
    path.write_bytes(data)
    assert f"rows 0 and 1: the keys {keys[0]} and {keys[0]} are not in order" in refusal(store)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "'version' is not 1"),
        ({"rows": 0}, "'rows' is missing or not a whole number from 1"),
        ({"rows": 301}, "is not what store.json says"),
        ({"item_hash": "00" * 32}, "is not what store.json says"),
        ({"key": {"name": "id", "type": "int64"}}, "the key 'id' is no column of int64"),
        ({"key": {"name": "item_id", "type": "string"}}, "'item_id' is no column of string"),
        ({"key": {"name": "item_id", "type": "float"}}, "unknown type 'float'"),
        ({"outputs": [{"name": VECTOR, "dtype": "float16", "shape": [4]}]}, f"column '{VECTOR}'"),
        ({"outputs": [{"name": VECTOR, "dtype": "float32", "shape": [5]}]}, f"column '{VECTOR}'"),
        (
            {"outputs": [{"name": VECTOR, "dtype": "nothing", "shape": [4]}]},
            "is no type of numpy",
        ),
        ({"outputs": [{"name": "other", "dtype": "float32", "shape": [4]}]}, "column 'other'"),
        ({"files": {}}, "field 'items.arrow' is missing"),
    ],
)
def test_a_store_that_is_not_what_it_says_is_refused(
    change: dict[str, object], message: str, store: Path
) -> None:
    path = version_of(store) / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert message in refusal(store)
    assert "run 'mari items' again" in refusal(store)


def test_what_is_no_store_is_refused(store: Path, tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == (
        f"{tmp_path / 'none'}: holds no item store; run 'mari items'"
    )
    (version_of(store) / "store.json").write_text("{")
    assert "store.json: line 1 is not JSON; run 'mari items' again" in refusal(store)
    (version_of(store) / "store.json").unlink()
    assert "store.json: cannot be read; run 'mari items'" in refusal(store)
    (store / "CURRENT").write_text("../elsewhere")
    assert refusal(store) == f"{store / 'CURRENT'}: names no version; run 'mari items' again"


def test_a_version_is_opened_by_its_own_folder_too(store: Path) -> None:
    with ItemStore.open(version_of(store)) as opened:
        assert opened.missing(KEYS).tolist() == []
        assert opened.is_current()
