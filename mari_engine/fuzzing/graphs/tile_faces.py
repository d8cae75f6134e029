"""The many ways in which exporters repeat one row for each candidate."""

from __future__ import annotations

from typing import Any

from onnx import TensorProto, helper

from mari_engine.fuzzing.graphs.graph_writer import FLOATS, Value, Writer


def tiled(w: Writer, x: Value) -> Value:
    """Return one row repeated for each candidate, in one of the ways of exporters."""
    if x.rows == "N":
        return x
    rest = x.shape[1:]
    shape, ones = ("N", *rest), [1] * len(rest)
    face = w.below(8)
    if face == 0:
        return w.op("Expand", [x, w.extents(["N", *ones])], shape)
    if face == 1:
        return w.op("Tile", [x, w.extents(["N", *ones])], shape)
    if face == 2:
        zeros = w.op("Expand", [w.ints(0), w.measure("N")], ["N"])
        return w.op("Gather", [x, zeros], shape, axis=0)
    if face in (3, 4):
        zeros = w.op("ConstantOfShape", [w.extents(["N", *ones])], ["N", *ones],
                     value=_single(FLOATS[w.dtype], float(face == 3)))  # fmt: skip
        return w.op("Mul" if face == 3 else "Add", [x, zeros], shape)
    if face == 5:
        target = w.op("Concat", [w.measure("N"), w.ints(*[-1] * len(rest))], [len(shape)],
                      axis=0)  # fmt: skip
        minus = w.op("Equal", [target, w.ints(-1)], [len(shape)])
        ones_like = w.op("ConstantOfShape", [w.ints(len(shape))], [len(shape)],
                         value=_single(TensorProto.INT64, 1))  # fmt: skip
        wanted = w.op("Where", [minus, ones_like, target], [len(shape)])
        return w.op("Expand", [x, wanted], shape)
    made = w.op(w.pick("Expand", "Tile"), [w.unsqueeze(x, 1), w.extents([1, "N", *ones])],
                [1, "N", *rest])  # fmt: skip
    return w.reshape(made, list(shape), w.extents([-1, *rest]))


def _single(dtype: int, element: float) -> Any:
    return helper.make_tensor("element", dtype, [1], [element])
