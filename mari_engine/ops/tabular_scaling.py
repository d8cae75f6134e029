"""Numeric features of tables, scaled, filled in and put side by side (ai.onnx.ml)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Spec, Unsupported
from mari_engine.ops.branches import FILLED
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import rank_of
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.elementwise import pointwise
from mari_engine.ops.rule import Inferred, Rule, Trait
from mari_engine.ops.tables import (
    DOMAIN,
    axis_with,
    by_row,
    columns_of,
    per_column,
    same_shape,
    with_columns,
)

_FLOAT = ir.DataType.FLOAT
_PAD_READS_WIDTHS = 11
"""The opset from which on Pad reads how much it adds."""
_WHOLE = (ir.DataType.INT32, ir.DataType.INT64)


def _each_column(weight: int, *lists: str) -> Callable[[Call], Spec]:
    """Return the factors of `[N, K] -> [N, K]` by numbers of each column, or by the same ones."""

    def declare(call: Call) -> Spec:
        if all(len(call.attribute(name, ())) <= 1 for name in lists):
            return pointwise(weight)(call)
        return by_row(call, (call.axes(0)[-1],), weight=weight)

    return declare


def _scaled(new: DecompositionWriter) -> Results:
    """Write `(x - offset) * scale`; whole numbers are made float32 before, float64 afterwards.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
    """
    x = new.given(0)
    offset, scale = (per_column(new.attribute(name, ()), x) for name in ("offset", "scale"))
    if offset is None or scale is None or x is None or x.dtype is None:
        return None
    dtype = _FLOAT if x.dtype in _WHOLE else x.dtype
    x = new.emit("Cast", x, to=int(_FLOAT)) if x.dtype in _WHOLE else x
    moved = new.emit("Sub", x, new.constant(offset, dtype))
    made = new.emit("Mul", moved, new.constant(scale, dtype))
    return [made if dtype == _FLOAT else new.emit("Cast", made, to=int(_FLOAT))]


def _imputed(new: DecompositionWriter) -> Results:
    """Write a Where: what equals the replaced value, or is NaN like it, becomes the imputed one.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html
    """
    x = new.given(0)
    if x is None or x.dtype is None:
        return None
    fractions = x.dtype not in _WHOLE
    kind = "float" if fractions else "int64"
    values = new.attribute(f"imputed_value_{kind}s", ())
    if per_column(values, x) is None:
        return None
    replaced = new.attribute(f"replaced_value_{kind}", 0)
    imputed = np.asarray(values if len(values) > 1 else values[0])
    if fractions and np.isnan(replaced):
        found = new.emit("IsNaN", x)
    else:
        found = new.emit("Equal", x, new.constant(np.asarray(replaced), x.dtype))
    return [new.emit("Where", found, new.constant(imputed, x.dtype), x)]


def _normalized(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, K]`, each row divided by its norm.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
    """
    return by_row(call, (call.axes(0)[-1],), weight=3)


def _vectorized(call: Call) -> Spec:
    """Return the factors of tables side by side; standing alone, where it is not decomposed.

    https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html
    """
    if len(call.operands) != 1:
        raise Unsupported("tables whose widths are not those that the op states")
    width = sum(call.attribute("inputdimensions", ()))
    return by_row(call, (axis_with(width),))


def _joined(new: DecompositionWriter) -> Results:
    """Write a Concat of the tables as float32, each cut or filled up to its stated width."""
    widths = list(new.attribute("inputdimensions", ()))
    if len(widths) != len(new.node.inputs) or any(rank_of(each) != 2 for each in new.node.inputs):
        return None
    tables = list[ir.Value]()
    for value, width in zip(new.node.inputs, widths, strict=True):
        assert value is not None
        table = value if value.dtype == _FLOAT else new.emit("Cast", value, to=int(_FLOAT))
        fits = columns_of(value) == width
        if not fits and new.model.graph.opset_imports.get("", 0) < _PAD_READS_WIDTHS:
            return None
        tables.append(table if fits else _fitted(new, table, width))
    return [new.emit("Concat", *tables, axis=1)]


def _fitted(new: DecompositionWriter, table: ir.Value, width: int) -> ir.Value:
    """Return the first columns of a table, and zeros where it has fewer."""
    filled = new.emit("Pad", table, new.integers(0, 0, 0, width))
    return new.emit("Slice", filled, new.integers(0), new.integers(width), new.integers(1))


def _float_like(node: ir.Node) -> list[Inferred]:
    return [(_FLOAT, same_shape(node.inputs[0]))]


def _like(node: ir.Node) -> list[Inferred]:
    read = node.inputs[0]
    return [((read.dtype if read is not None else None) or _FLOAT, same_shape(read))]


def _as_wide_as_stated(node: ir.Node) -> list[Inferred]:
    widths = node.attributes.get("inputdimensions")
    total = sum(widths.as_ints()) if widths is not None else None
    return [(_FLOAT, with_columns(node.inputs[0], total))]


_COMPOSITE = frozenset({Trait.COMPOSITE})

RULES = (
    Rule(
        "Scaler", _each_column(2, "offset", "scale"), domain=DOMAIN, decompose=_scaled,
        infer=_float_like, traits=_COMPOSITE,
    ),
    Rule(
        "Imputer", _each_column(1, "imputed_value_floats", "imputed_value_int64s"),
        domain=DOMAIN, decompose=_imputed, infer=_like, branches=FILLED, traits=_COMPOSITE,
    ),
    Rule("Binarizer", pointwise(1), domain=DOMAIN),
    Rule("Normalizer", _normalized, domain=DOMAIN, infer=_float_like),
    Rule(
        "FeatureVectorizer", _vectorized, domain=DOMAIN, decompose=_joined,
        infer=_as_wide_as_stated, traits=_COMPOSITE | {Trait.NEVER_EMPTY},
    ),
)  # fmt: skip
