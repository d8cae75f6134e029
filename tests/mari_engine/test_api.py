"""`import mari_engine` offers the names of `mari_engine.api`, and imports them when asked."""

import subprocess
import sys

import pytest

import mari_engine as mari
from mari_engine import api


def test_every_public_name_is_the_one_of_the_api() -> None:
    assert mari.__all__ == api.__all__
    assert all(getattr(mari, name) is getattr(api, name) for name in api.__all__)
    assert set(api.__all__) <= set(dir(mari))


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    for name in ("nothing", "__nothing__"):
        with pytest.raises(AttributeError, match=f"module 'mari_engine' has no attribute '{name}'"):
            getattr(mari, name)


@pytest.mark.parametrize(
    "first",
    [
        "import mari_engine as mari; mari.load",
        "from mari_engine import *; load, Labels",
        "import mari_engine.errors, mari_engine as mari; mari.LabelError, mari.pipeline",
    ],
)
def test_names_are_found_whatever_is_imported_first(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", first], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
