"""The symbols of rows stand for no name of a model's, and are products in their order."""

from __future__ import annotations

from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, size


def test_an_extent_lists_requests_before_their_candidates() -> None:
    assert size((CANDIDATES, 3, REQUESTS)).symbols == SEVERAL_REQUESTS
    assert size((CANDIDATES, "L", REQUESTS, "B")).symbols == (REQUESTS, "B", "L", CANDIDATES)


def test_no_model_names_an_extent_as_requests() -> None:
    assert not REQUESTS.isidentifier()
