"""Values inside a model, handed out beside its outputs or in their place."""

import numpy as np
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_exposed
from support.builders import build


@pytest.fixture
def model() -> Model:
    body = "a = Relu (x) b = Neg (a) y = Exp (b) z = Abs (x)"
    return load(build(body, inputs="float[N, 3] x", outputs="float[N, 3] y, float[N, 3] z"))


def test_results_are_handed_out_beside_the_outputs(model: Model) -> None:
    feeds = {"x": np.array([[-1.0, 0.0, 2.0]], np.float32)}
    found = open_exposed(model, {"a", "y"}).run(feeds)
    assert list(found) == ["y", "z", "a"]
    assert found["a"].tolist() == [[0.0, 0.0, 2.0]]


def test_alone_they_are_all_that_is_computed(model: Model) -> None:
    session = open_exposed(model, {"a", "y"}, alone=True)
    assert session.output_names == ("a", "y")
    assert [node.op_type for node in model.ir.graph] == ["Relu", "Neg", "Exp", "Abs"]
