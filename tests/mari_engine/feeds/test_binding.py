"""Requests are bound to a batched model one behind the other, by its interface alone."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.errors import FeedError
from mari_engine.feeds import bind_batch, bind_feeds
from mari_engine.types import InputBinding, Interface, RequestIndex, Signature

FIRST = {"x": np.array([[1, 2, 3], [1, 5, 6]]), "u": np.array([[7], [7]])}
SECOND = {"x": np.array([[4, 8, 9]]), "u": np.array([[0]])}


def interface(index: RequestIndex) -> Interface:
    return Interface(
        (
            InputBinding("x__request", "int64", ("R", 1), "request", "x", (0,)),
            InputBinding("x__candidate", "int64", ("N", 2), "candidate", "x", (2, 1)),
            InputBinding("u", "int64", ("R", 1), "request", "u"),
            InputBinding("whose", "int64", ("?",), "index", "", index=index),
        ),
        (),
    )


def test_requests_keep_one_row_and_candidates_all() -> None:
    bound = bind_batch([FIRST, SECOND], interface(RequestIndex.ROWS))
    assert {name: array.tolist() for name, array in bound.items()} == {
        "x__request": [[1], [4]],
        "x__candidate": [[3, 2], [6, 5], [9, 8]],
        "u": [[7], [0]],
        "whose": [0, 0, 1],
    }


def test_a_request_may_bring_fewer_candidates_or_none() -> None:
    bound = bind_batch([FIRST, SECOND], interface(RequestIndex.LENGTHS), (1, 0))
    assert bound["whose"].tolist() == [1, 0]
    assert bound["x__candidate"].tolist() == [[3, 2]]
    assert bound["u"].tolist() == [[7], [0]]
    assert bound["whose"].dtype == np.int64


def test_one_request_is_a_batch_of_one() -> None:
    bound = bind_feeds(FIRST, interface(RequestIndex.ROWS), Signature.BATCHED)
    assert bound["whose"].tolist() == [0, 0]
    assert bound["u"].tolist() == [[7]]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(FeedError, match="input 'u' is missing"):
        bind_batch([FIRST, {"x": SECOND["x"]}], interface(RequestIndex.ROWS))
