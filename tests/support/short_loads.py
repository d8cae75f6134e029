"""Load tests of a few hundred requests and two steps: what they find is not looked at closely."""

import pytest

from mari_engine.serving.capacity import load_server, rate_search

STEPS = 2


@pytest.fixture
def short_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that measure a capacity on the clock."""
    monkeypatch.setattr(load_server, "QUERIES", 500)
    monkeypatch.setattr(load_server, "_SATURATED", 0.05)
    monkeypatch.setattr(rate_search, "STEPS", STEPS)
