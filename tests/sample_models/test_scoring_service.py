from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import mari_engine as mari
from sample_models.scoring_service import Scorer, make_server
from support.item_stores import (
    PRICE,
    VECTOR,
    catalogue_columns,
    expected,
    write_offloaded,
)
from support.store_writes import write_store

COLUMNS = catalogue_columns()
USER = np.array([[2, -1]], np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_offloaded(tmp_path / "offloaded")
    write_store(tmp_path, COLUMNS)
    return tmp_path


@pytest.fixture
def scorer(folder: Path) -> Scorer:
    return Scorer(folder / "offloaded", folder / "s")


def features(rows: list[int]) -> dict[str, np.ndarray]:
    vectors = np.asarray(COLUMNS["features"].flatten()).reshape(-1, 3)
    return {
        "category": COLUMNS["category"][rows],
        "features": vectors[rows],
        "price": COLUMNS["price"][rows].reshape(-1, 1),
    }


def pairs(rows: list[int]) -> np.ndarray:
    return np.arange(len(rows), dtype=np.float32).reshape(-1, 1)


def scores(folder: Path, rows: list[int]) -> list[list[float]]:
    """Return what the three parts give together, by numpy."""
    graph = onnx.load(folder / "offloaded" / "request.onnx").graph
    hidden = USER @ onnx.numpy_helper.to_array(graph.initializer[0])
    items = expected(COLUMNS, folder / "offloaded")
    found = (items[VECTOR][rows] @ hidden.T + pairs(rows)) * items[PRICE][rows]
    return list(found.tolist())


def test_a_request_is_scored_from_the_store(folder: Path, scorer: Scorer) -> None:
    rows = [5, 250, 5, 17]
    found = scorer.score(COLUMNS["item_id"][rows].tolist(), {"user": USER, "pair": pairs(rows)})
    assert found["score"].tolist() == scores(folder, rows)


def test_items_that_are_not_stored_are_computed_on_the_spot(folder: Path, scorer: Scorer) -> None:
    rows = [5, 250, 7]
    keys = [COLUMNS["item_id"][5], -1, -2]
    inputs = {"user": USER, "pair": pairs(rows), **features(rows)}
    assert scorer.score(keys, inputs)["score"].tolist() == scores(folder, rows)
    with pytest.raises(mari.FeedError, match="input 'category' is missing"):
        scorer.score(keys, {"user": USER, "pair": pairs(rows)})


def test_a_version_that_is_published_is_taken_and_another_models_is_not(
    folder: Path, scorer: Scorer, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {"user": USER, "pair": pairs([0])}
    key = [int(COLUMNS["item_id"][0])]
    before = scorer.score(key, request)["score"]
    dearer = COLUMNS | {"price": COLUMNS["price"] * 2}
    write_store(folder, dearer)
    after = scorer.score(key, request)["score"]
    assert after.tolist() == (2 * before).tolist()
    write_offloaded(folder / "offloaded", item_hash="ab" * 32)
    write_store(folder, force=True)
    assert scorer.score(key, request)["score"].tolist() == after.tolist()
    assert "the store stays as it was: " in capsys.readouterr().out


def test_a_store_of_another_model_is_refused(folder: Path) -> None:
    write_offloaded(folder / "offloaded", item_hash="ab" * 32)
    with pytest.raises(mari.StoreError, match="holds the vectors of another item model"):
        Scorer(folder / "offloaded", folder / "s")


@pytest.fixture
def address(scorer: Scorer) -> Iterator[str]:
    server = make_server(scorer, 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def post(address: str, document: Any) -> tuple[int, Any]:
    request = urllib.request.Request(address, json.dumps(document).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_requests_come_as_json(folder: Path, address: str) -> None:
    rows = [5, 250]
    keys = COLUMNS["item_id"][rows].tolist()
    inputs = {"user": USER.tolist(), "pair": pairs(rows).tolist()}
    assert post(address, {"keys": keys, "inputs": inputs}) == (200, {"score": scores(folder, rows)})


def test_one_row_for_several_candidates_is_refused(scorer: Scorer) -> None:
    """Onnxruntime would repeat it, and so would rows of several users be cut to the first."""
    keys = COLUMNS["item_id"][[5, 250]].tolist()
    with pytest.raises(ValueError, match="'pair' needs 2 rows"):
        scorer.score(keys, {"user": USER, "pair": pairs([5])})
    with pytest.raises(ValueError, match="'user' is the request's, and its rows differ"):
        scorer.score(keys, {"user": np.concatenate([USER, USER + 1]), "pair": pairs([5, 250])})


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"inputs": {}}, "KeyError: 'keys'"),
        ({"keys": ["x"], "inputs": {"user": [[1, 2]]}}, "StoreError: keys 'item_id': are text"),
        ({"keys": [], "inputs": {}}, "FeedError: input 'user' is missing"),
        ({"keys": [], "inputs": {"user": "x"}}, "ValueError: could not convert string"),
        ({"keys": [], "inputs": {"usr": [[1, 2]]}}, "ValueError: 'usr' is no input of this model"),
        ({"keys": [], "inputs": [1]}, "ValueError: a request is"),
        ([1], "ValueError: a request is"),
    ],
)
def test_requests_that_are_wrong_are_told(address: str, document: Any, error: str) -> None:
    status, answer = post(address, document)
    assert status == 400
    assert answer["error"].startswith(error)
