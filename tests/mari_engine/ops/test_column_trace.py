"""What a trace says a value holds is what it holds when the op runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from mari_engine.inputs import trace_columns
from mari_engine.loading import load
from mari_engine.ops import Trace
from mari_engine.ops.rule_table import RULES
from support.builders import build

WEIGHTS = {
    "zero": np.array([0]), "one": np.array([1]), "two": np.array([2]), "back": np.array([-1]),
    "sizes": np.array([1, 3]), "picked": np.array([3, 0, 3]), "rows": np.array([[1], [0]]),
    "cut": np.array([0, 2, 2]), "wide": np.array([5, 1, 1]), "low": np.array(-99.0, np.float32),
    "high": np.array(99.0, np.float32), "shifts": np.array([[0, 5, 9, 12]], np.float32),
    "repeats": np.array([3, 1]), "also": np.array([1, 3]),
}  # fmt: skip
CASES: Mapping[str, tuple[str, ...]] = {
    "Concat": ("y = Concat <axis = 1> (x, x)", "y = Concat <axis = 0> (x, x)"),
    "Split": ("y, z = Split <axis = 1> (x, sizes)", "y, z = Split <axis = 0> (x)"),
    "Slice": ("y = Slice (x, one, back, one)", "y = Slice (x, back, zero, one, back)",
              "y = Slice (x, zero, one, zero)"),
    "Gather": ("y = Gather <axis = 1> (x, picked)", "y = Gather (x, rows)",
               "y = Gather <axis = 1> (x, rows)"),
    "GatherND": ("t = Transpose (x) y = GatherND (t, rows)", "y = GatherND (x, rows)"),
    "Identity": ("y = Identity (x)",),
    "Dropout": ("y = Dropout (x)",),
    "Transpose": ("y = Transpose (x)", "y = Transpose <perm = [0, 1]> (x)"),
    "Reshape": ("u = Unsqueeze (x, one) y = Reshape (u, cut)",
                "n = Shape <end = 1> (x) t = Concat <axis = 0> (n, back) y = Reshape (x, t)"),
    "Flatten": ("u = Unsqueeze (x, one) y = Flatten (u)",),
    "Squeeze": ("u = Unsqueeze (x, one) y = Squeeze (u, one)",
                "u = Unsqueeze (x, one) y = Squeeze (u)"),
    "Unsqueeze": ("y = Unsqueeze (x, zero)", "y = Unsqueeze (x, back)"),
    "Expand": ("y = Expand (x, wide)",),
    "Tile": ("y = Tile (x, repeats)", "y = Tile (x, also)"),
    "Cast": ("y = Cast <to = 7> (x)",),
    "Where": ("c = Less (x, high) y = Where (c, x, high)",),
    "Floor": ("y = Floor (x)",),
    "Round": ("y = Round (x)",),
    "Clip": ("y = Clip (x, low, high)",),
    "Max": ("y = Max (x, low)",),
    "Min": ("y = Min (x, high)",),
    "Add": ("y = Add (x, shifts)", "y = Add (high, x)"),
    "Sub": ("y = Sub (x, shifts)",),
}  # fmt: skip
X = np.array([[1, 11, 21, 31], [2, 12, 22, 32]], np.float32)
"""Column c holds 10 c + 1 and 10 c + 2, which tell it from the others."""


def wrong_places(array: np.ndarray, trace: Trace) -> list[int]:
    """Return the positions that hold something else than the column that their trace names."""
    columns = [set(X[:, at] + more) for at, more in zip(trace.columns, trace.offsets, strict=True)]
    if trace.axis is None:
        return [] if set(array.ravel()) <= set[float]().union(*columns) else [-1]
    assert array.shape[trace.axis] == len(columns)
    places = [set(np.take(array, at, axis=trace.axis).ravel()) for at in range(len(columns))]
    return [at for at, held in enumerate(places) if not held <= columns[at]]


def test_every_trace_has_a_case() -> None:
    assert set(CASES) == {rule.op for rule in RULES.values() if rule.trace is not None}


@pytest.mark.parametrize("body", [body for bodies in CASES.values() for body in bodies])
def test_a_trace_names_the_columns_that_are_there(body: str) -> None:
    whole = "int64 y" if "Cast" in body else "float y"
    given = {name: array for name, array in WEIGHTS.items() if name in body}
    data = build(body, inputs="float[2, 4] x", outputs=whole, weights=given)
    proto = onnx.load_model_from_string(data)
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    (array,) = ReferenceEvaluator(proto).run(["y"], {"x": X})
    model = load(proto.SerializeToString(), name="traced")
    (value,) = model.ir.graph.outputs
    trace = trace_columns(model.ir)[value]
    assert wrong_places(np.asarray(array), trace) == []


def test_a_constant_minus_a_column_is_none() -> None:
    data = build("y = Sub (h, x)", inputs="float[2, 4] x", outputs="float[2, 4] y",
                 weights={"h": np.ones((2, 4), np.float32)})  # fmt: skip
    model = load(data, name="turned")
    assert model.ir.graph.outputs[0] not in trace_columns(model.ir)
