"""Models run by onnxruntime alone, and results compared as the node tests ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime as ort

from .cases import NodeCase

_STORED = {
    ml_dtypes.bfloat16: onnx.TensorProto.BFLOAT16,
    ml_dtypes.float8_e4m3fn: onnx.TensorProto.FLOAT8E4M3FN,
    ml_dtypes.float8_e4m3fnuz: onnx.TensorProto.FLOAT8E4M3FNUZ,
    ml_dtypes.float8_e5m2: onnx.TensorProto.FLOAT8E5M2,
    ml_dtypes.float8_e5m2fnuz: onnx.TensorProto.FLOAT8E5M2FNUZ,
}
"""The types that onnxruntime takes by their number only."""


def run_model(source: bytes | Path, feeds: dict[str, Any]) -> list[Any]:
    """Return a model's outputs; onnxruntime's own exceptions pass through."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    opened = ort.InferenceSession(
        source if isinstance(source, bytes) else str(source),
        options,
        providers=["CPUExecutionProvider"],
    )
    given = {name: _as_value(array) for name, array in feeds.items()}
    return list(opened.run(None, given))


def same_results(case: NodeCase, wanted: Sequence[Any], found: Sequence[Any]) -> str:
    """Return what differs beyond the test's own tolerance, in words, or "" where nothing does."""
    if len(wanted) != len(found):
        return f"{len(wanted)} outputs became {len(found)}"
    for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
        problem = _difference(case, one, other)
        if problem:
            return f"output {at}: {problem}"
    return ""


def same_kinds(wanted: Sequence[Any], found: Sequence[Any]) -> bool:
    """Return True where all outputs have the types and shapes that were wanted."""
    return [_kind(each) for each in wanted] == [_kind(each) for each in found]


def _kind(value: Any) -> object:
    return (value.dtype, value.shape) if isinstance(value, np.ndarray) else type(value)


def _as_value(array: Any) -> Any:
    kind = _STORED.get(array.dtype.type) if isinstance(array, np.ndarray) else None
    if kind is None:
        return array
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, kind)


def _difference(case: NodeCase, wanted: Any, found: Any) -> str:
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return f"a sequence became {type(found).__name__}"
        return same_results(case, wanted, found)
    if not isinstance(wanted, np.ndarray) or not isinstance(found, np.ndarray):
        return "" if wanted is None and found is None else f"{wanted!r} became {found!r}"
    if wanted.shape != found.shape:
        return f"shape {wanted.shape} became {found.shape}"
    if wanted.dtype.kind in "OSUT":
        same = wanted.astype(str).tolist() == found.astype(str).tolist()
    elif wanted.dtype.kind in "biu":
        same = np.array_equal(wanted, found)
    else:
        kind = np.complex128 if wanted.dtype.kind == "c" else np.float64
        one, other = wanted.astype(kind), found.astype(kind)
        same = np.allclose(one, other, rtol=case.rtol, atol=case.atol, equal_nan=True)
    return "" if same else f"{wanted.ravel()[:4]} became {found.ravel()[:4]}"
