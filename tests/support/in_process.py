"""Commands that tests call run models in the tests' own process: one more for each would be slow.

What the other process does is tested in `isolation`, and by the tests that start `mari` as a
program.
"""

import pytest


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each test of the module that imports it."""
    monkeypatch.setenv("MARI_ISOLATION", "off")
