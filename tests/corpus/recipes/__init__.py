"""The networks, a file for each library; they are imported when an export asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from corpus.forms import Recipe

FAMILIES = (
    "deepctr",
    "rechub",
    "fuxi",
    "recbole_models",
    "towers",
    "sequences",
    "crosses",
    "deepctr_keras",
)


def collect(families: tuple[str, ...] = FAMILIES) -> Iterator[Recipe]:
    """Yield the recipes of each family whose library is installed."""
    for family in families:
        try:
            module = import_module(f"{__name__}.{family}")
        except ImportError as error:
            print(f"{family}: left out ({error})", flush=True)
            continue
        yield from module.RECIPES
