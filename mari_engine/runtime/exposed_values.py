"""Sessions that hand out values inside a model, every node as it is."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.graph import Model
from mari_engine.runtime.session import Session, open_session

_UNREADABLE = frozenset(
    {
        ir.DataType.BFLOAT16, ir.DataType.FLOAT8E4M3FN, ir.DataType.FLOAT8E4M3FNUZ,
        ir.DataType.FLOAT8E5M2, ir.DataType.FLOAT8E5M2FNUZ, ir.DataType.INT4, ir.DataType.UINT4,
    }
)  # fmt: skip


def is_readable(value: ir.Value) -> bool:
    """Return whether onnxruntime can hand out a value as an array, by its type."""
    return value.dtype not in _UNREADABLE


def open_exposed(model: Model, names: Collection[str | None], *, alone: bool = False) -> Session:
    """Return a session with these results among its outputs; with `alone` there are no others.

    Nodes that no output needs are then left out. Raises ExecutionError when the runtime refuses
    the model.
    """
    clone = model.ir.clone()
    outputs = clone.graph.outputs
    if alone:
        outputs.clear()
    found = [
        value
        for node in clone.graph
        for value in node.outputs
        if value.name in names and not value.is_graph_output()
    ]
    for value in found:
        value.shape = None  # the run may give another one than inference did
    outputs.extend(found)
    if alone:
        passes.RemoveUnusedNodesPass()(clone)
    return open_session(Model(clone, model.name), threads=1, optimize=False)
