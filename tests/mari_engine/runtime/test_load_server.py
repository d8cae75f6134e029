"""A model under load, as the caller of the process that runs it sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine.errors import ExecutionError, LimitError
from mari_engine.isolation import Hosted
from mari_engine.loading import load
from mari_engine.native import Load
from mari_engine.runtime import LoadServer, open_session
from support.builders import ranking_tower

LOAD = Load(rate=100.0, queries=10, bound=1.0, longest=2.0, workers=1)


class Silent:
    """A server that never says that it is done."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, method: str, *_args: Any) -> Any:
        self.asked.append(method)

    def make(self, method: str, *_args: Any) -> Hosted:
        raise AssertionError(method)


class Failing(Silent):
    """A server whose model fails."""

    def call(self, method: str, *_args: Any) -> Any:
        raise RuntimeError("no such row")


def test_a_model_that_leaves_requests_unanswered_is_given_up() -> None:
    silent = Silent()
    server = LoadServer(open_session(load(ranking_tower(), name="m")), silent)
    with pytest.raises(LimitError, match="m: did not answer 10 requests within 62 s"):
        server.generate(LOAD)
    assert silent.asked[0] == "start"
    assert set(silent.asked[1:]) == {"wait"}


def test_what_the_runtime_says_is_told_in_one_line() -> None:
    server = LoadServer(open_session(load(ranking_tower(), name="m")), Failing())
    with pytest.raises(ExecutionError, match=r"m: .* under load on cpu \(no such row\)"):
        server.generate(LOAD)


def test_a_session_serves_the_requests_that_lie_beside_it() -> None:
    pytest.importorskip("mlperf_loadgen")
    session = open_session(load(ranking_tower()), threads=1)
    request = {"user": np.zeros((2, 4), np.float32), "item": np.ones((2, 3), np.float32)}
    server = session.serve([request, request])
    assert server.warm_up() > 0
    found = server.generate(Load(rate=5000.0, queries=40, bound=60.0, longest=30.0, workers=2))
    assert found["result_query_count"] == 40
