"""Ray computes the pieces that one process computes."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mari_engine.errors import StoreError
from mari_engine.isolation import call
from mari_engine.serving.items import ItemStore, RayOptions, on_ray, pieces, write_items
from mari_engine.serving.items.catalogue import Stretch, open_catalogue
from mari_engine.serving.offload import ItemPart, load_offloaded
from support.item_stores import catalogue_columns, write_catalogue
from support.store_writes import refusal, write_store

HERE = Path(__file__)
ROWS = 300


def job(tmp_path: Path, **changed: Any) -> pieces.Job:
    columns = catalogue_columns(ROWS) | changed
    part = load_offloaded(tmp_path / "offloaded").item
    path = write_catalogue(tmp_path / "c.parquet", columns, row_group=120)
    found = open_catalogue(path, "item_id", [each.name for each in part.inputs])
    folder = tmp_path / "pieces"
    folder.mkdir()
    return pieces.Job(part, found, None, folder)


def batch_of(*stretches: Stretch) -> dict[str, np.ndarray]:
    """Return pieces as Ray hands them to an actor."""
    rows = [asdict(each) for each in stretches]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARI_ISOLATION", "off")


@pytest.mark.usefixtures("in_this_process")
def test_an_actor_computes_the_pieces_that_it_is_sent(offloaded: Path, tmp_path: Path) -> None:
    work = job(tmp_path)
    stretches = [work.stretches()[number] for number in (1, 3)]
    answers = on_ray._PieceActor(work)(batch_of(*stretches))
    assert answers["error"] == ["", ""]
    worker = pieces.PieceWorker(work, threads=0)
    alone = [worker.compute(stretch) for stretch in stretches]
    assert answers["path"] == [str(piece.path) for piece in alone]


@pytest.mark.usefixtures("in_this_process")
def test_an_actor_tells_what_is_wrong(offloaded: Path, tmp_path: Path) -> None:
    work = job(tmp_path, price=catalogue_columns(ROWS)["price"].astype("f8"))
    answers = on_ray._PieceActor(work)(batch_of(work.stretches()[0]))
    assert answers["error"] == ["StoreError"]
    assert "row 0: 'price' is double" in answers["text"][0]


def test_a_model_that_ends_its_process_does_not_end_the_actor(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = job(tmp_path)
    monkeypatch.setattr(pieces, "ItemModel", ending_model)
    actor = on_ray._PieceActor(work)
    answers = actor(batch_of(work.stretches()[0]))
    assert answers["error"] == ["LimitError"]
    assert "item.onnx: ended the process that ran it" in answers["text"][0]
    assert actor._place is not None
    actor._place.close()


def ending_model(part: ItemPart, *, threads: int, batch: int) -> None:
    call(os.abort, about=part.path.name)


def test_workers_find_what_was_named_from_here(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = on_ray._with_whole_paths(replace(job(Path()), since=Path("s/v-0123456789ab")))
    paths = [whole.part.path, whole.catalogue.path, *whole.catalogue.files, whole.since]
    assert [str(path) for path in [*paths, whole.folder]] == [
        str(tmp_path / name)
        for name in ("offloaded/item.onnx", "c.parquet", "c.parquet", "s/v-0123456789ab", "pieces")
    ]


def test_a_ray_that_is_not_installed_is_told(
    offloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    found = refusal(tmp_path, catalogue_columns(ROWS), ray=RayOptions())
    assert found == (
        "Ray is not installed here: pip install 'mari-studio[ray]', or leave out --ray"
    )


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "ray://127.0.0.1:{}/x"])
def test_an_address_where_nobody_listens_is_told(address: str) -> None:
    with socket.socket() as bound:  # bound, and not listened on: it refuses
        bound.bind(("127.0.0.1", 0))
        place = address.format(bound.getsockname()[1])
        with pytest.raises(StoreError, match=f"no Ray cluster answers at {place} "):
            on_ray._check_address(place)


def test_an_address_where_somebody_listens_is_taken() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        on_ray._check_address(f"127.0.0.1:{bound.getsockname()[1]}")
        on_ray._check_address("auto")


@pytest.fixture
def paths_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ray's processes find the engine, and these tests, where this process does."""
    places = [str(HERE.parents[3]), str(HERE.parents[4]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))


@pytest.mark.usefixtures("paths_of_workers")
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_writes_the_bytes_that_one_process_writes(offloaded: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray.data", reason="Ray is an extra: pip install 'mari-studio[ray]'")
    catalogue = tmp_path / "c.parquet"
    write_catalogue(catalogue, catalogue_columns(ROWS), row_group=120)
    alone = write_store(tmp_path)
    ray = RayOptions(workers=2)
    written = write_items(offloaded, catalogue, tmp_path / "r", key="item_id", ray=ray)
    for name in ("items.arrow", "items.parquet", "store.json"):
        assert (written.folder / name).read_bytes() == (alone.folder / name).read_bytes()
    with ItemStore.open(tmp_path / "r") as store:
        assert len(store) == ROWS
    wrong = catalogue_columns(ROWS)
    wrong["price"] = wrong["price"].astype("f8")
    assert "'price' is double" in refusal(tmp_path, wrong, ray=ray)
