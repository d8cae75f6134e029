"""How many nodes a file has, and how many are left of them."""

from __future__ import annotations

import numpy as np

from mari_engine.graph import describe
from mari_engine.loading import load
from mari_engine.wording import nodes_in_words
from support.builders import build


def test_nodes_that_are_folded_away_are_counted_and_told() -> None:
    data = build(
        "shape = Concat <axis = 0> (one, two) a = Reshape (x, shape) y = Relu (a)",
        inputs="float[N, 4] x", outputs="float[a, b] y",
        weights={"one": np.array([-1]), "two": np.array([2])},
    )  # fmt: skip
    info = describe(load(data, name="m"))
    assert (info.file_nodes, len(info.nodes)) == (3, 2)
    assert nodes_in_words(info).startswith("2 nodes (3 in the file; 1 that compute constants")


def test_of_a_file_that_is_taken_as_it_is_nothing_more_is_told() -> None:
    data = build("y = Relu (x)", inputs="float[N, 4] x", outputs="float[N, 4] y")
    assert nodes_in_words(describe(load(data, name="m"))) == "1 node"
