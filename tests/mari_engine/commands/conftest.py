"""Commands that tests call run models in the tests' own process: one more for each would be slow.

What the processes do is tested in `isolation`, and by those tests that start `mari` as a program.
"""

import pytest


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARI_ISOLATION", "off")
