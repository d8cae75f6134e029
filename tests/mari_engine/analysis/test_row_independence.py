"""A graph is shown to treat rows alone node by node, or a node is named that may not."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import RowProof, survey_model
from mari_engine.axes import Unsupported
from mari_engine.loading import load
from support.builders import build

HELD = {
    "W": np.ones((3, 3), np.float32), "zero": np.array([0]), "one": np.array([1]),
    "ids": np.array([0, 2]), "scalar": np.array(0),
}  # fmt: skip


SHAPED = "n = Shape <start = 0, end = 1> (x) t = Concat <axis = 0> (n, one) "


def prove(body: str) -> None:
    data = build(body, inputs="float[N, 3] x, int64[N] k", outputs="float[A, B] y", weights=HELD)
    model = load(data)
    survey = survey_model(model, frozenset({"N"}))
    RowProof(survey.values, survey.specs, survey.unknown).check(model.ir.graph)


@pytest.mark.parametrize(
    "body",
    [
        "h = MatMul (x, W) y = Softmax <axis = 1> (h)",
        SHAPED + "z = ConstantOfShape (t) y = Add (x, z)",
        "t = Gather (W, k) y = Mul (t, x)",
        "y = Gather <axis = 1> (x, ids)",
    ],
    ids=["a softmax of each row", "a number of rows as a shape", "a lookup", "columns"],
)
def test_rows_alone(body: str) -> None:
    prove(body)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("y = Softmax <axis = 0> (x)", "Softmax"),
        ("y = Gather (x, ids)", "Gather"),
        ("t = Transpose (x) y = MatMul (x, t)", "MatMul"),
        ("t = Gather (x, k) y = Add (t, x)", "Gather"),
        ("n = Size (x) f = Cast <to = 1> (n) y = Mul (x, f)", "Mul"),
        ("r = RandomUniformLike (x) y = Add (x, r)", "RandomUniformLike"),
        ("y = TopK <axis = 0> (x, one)", "TopK"),
    ],
)
def test_rows_together(body: str, named: str) -> None:
    body = body.replace("y = TopK", "y, w = TopK")
    with pytest.raises(Unsupported, match=named):
        prove(body)
