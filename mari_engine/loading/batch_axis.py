"""The batch axis made symbolic again, `[1, K] -> [N, K]`, where an export froze it at 1 or 2."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir

from mari_engine.errors import Cancelled, LimitError, ModelError
from mari_engine.graph import Model, constant_array, forget_shapes
from mari_engine.inputs import infer_ranges
from mari_engine.ops import Trait, has_trait, infer_types
from mari_engine.runtime import Session, in_one_line, open_session, open_source

_BATCHES = (3, 5)
_LIMIT = 1e-4
"""Largest difference, relative to the largest value, between a row alone and in a batch."""
_REMEDY = "export the model with a dynamic batch axis"


def free_inputs(proto: onnx.ModelProto, where: str) -> int | None:
    """Replace the fixed leading extent of the inputs by a symbol; return that extent.

    Inputs with one row stay so where others have more. Shapes that followed from the fixed batch
    are forgotten. Returns None, changing nothing, when an input's batch is free already. Raises
    ModelError when the inputs do not agree on a batch.
    """
    constants = {tensor.name for tensor in proto.graph.initializer}
    rows = [
        value.type.tensor_type.shape.dim[0]
        for value in proto.graph.input
        if value.name not in constants and value.type.tensor_type.shape.dim
    ]
    if not rows or any(not extent.HasField("dim_value") for extent in rows):
        return None
    found = sorted({int(extent.dim_value) for extent in rows})
    batch = found[-1]
    if set(found) - {1, batch}:
        shown = ", ".join(map(str, found))
        raise ModelError(f"{where}: the inputs have {shown} rows, no common batch; {_REMEDY}")
    symbol = _new_symbol(proto)
    for extent in rows:
        if extent.dim_value == batch:
            extent.dim_param = symbol
    del proto.graph.value_info[:]
    for output in proto.graph.output:
        output.type.tensor_type.ClearField("shape")
    return batch


def mend_reshapes(model: ir.Model, batch: int) -> None:
    """Let every node whose first extent is the frozen batch take that of its operand."""
    done: set[ir.Node] = set()
    while True:
        left = [node for node in model.graph if node not in done]
        reshapes = [node for node in left if _freezes_rows(node, batch)]
        joined = [node for node in left if batch == 1 and _joins_rows(node)]
        if not reshapes and not joined:
            return
        for node in reshapes:
            _mend(node, model.graph)
        for node in joined:
            node.attributes["axis"] = ir.AttrInt64("axis", 1)
        done.update(reshapes, joined)
        forget_shapes(model)
        infer_types(model)


def check_freed(model: Model, batch: int) -> None:
    """Return if each row of a larger batch has the results that it has alone in the original.

    Outputs with a row for each of the batch get its symbol. Raises ModelError, naming a node that
    fixes the batch where one is found.
    """
    try:
        original, freed = open_source(model), open_session(model)
        assert original is not None  # it was just read
        same = all(_rows_agree(original, freed, model, batch, rows) for rows in _BATCHES)
    except (LimitError, Cancelled):
        raise
    except Exception as error:  # feeds may not fit, and the runtime may refuse
        reason = in_one_line(error).removeprefix(f"{model.name}: ")
        why = _culprit(model.ir, batch) or reason
        raise ModelError(f"{model.name}: the batch cannot be freed, {why}; {_REMEDY}") from error
    if not same:
        why = _culprit(model.ir, batch) or "its rows depend on each other"
        raise ModelError(f"{model.name}: the batch cannot be freed, {why}; {_REMEDY}")
    _name_rows(model.ir, freed)


def _name_rows(model: ir.Model, freed: Session) -> None:
    """Give the batch's symbol to the outputs whose rows follow it."""
    symbol = next(
        str(extent.value)
        for extent in map(_rows, model.graph.inputs)
        if isinstance(extent, ir.SymbolicDim)
    )
    runs = [freed.run(_make_feeds(model, rows)) for rows in _BATCHES]
    for value in model.graph.outputs:
        arrays = [run[value.name or ""] for run in runs]
        if value.shape and all(
            len(array) == rows for array, rows in zip(arrays, _BATCHES, strict=True)
        ):
            value.shape = ir.Shape([symbol, *list(value.shape)[1:]])


def _new_symbol(proto: onnx.ModelProto) -> str:
    used = {
        extent.dim_param
        for value in (*proto.graph.input, *proto.graph.output)
        for extent in value.type.tensor_type.shape.dim
    }
    symbol = "N"
    while symbol in used:
        symbol += "_"
    return symbol


def _freezes_rows(node: ir.Node, batch: int) -> bool:
    """Return True for a reshape of a free batch to a shape that begins with the frozen one."""
    if not has_trait(node, Trait.INFERS_EXTENTS):
        return False
    shape = constant_array(node.inputs[1])
    if shape is None or shape.size == 0 or shape[0] != batch:
        return False
    return _is_free(node.inputs[0])


def _joins_rows(node: ir.Node) -> bool:
    """Return True for a node that makes one row of a free batch: its only one as exported."""
    value = node.inputs[0] if has_trait(node, Trait.FLATTENING) else None
    if value is None or value.shape is None or not _is_free(value):
        return False
    return node.attributes.get_int("axis", 1) in (0, -len(value.shape))


def _is_free(value: ir.Value | None) -> bool:
    return value is not None and bool(value.shape) and not isinstance(_rows(value), int)


def _rows(value: ir.Value) -> int | ir.SymbolicDim | None:
    return value.shape[0] if value.shape else None


def _mend(node: ir.Node, graph: ir.Graph) -> None:
    shape = constant_array(node.inputs[1])
    assert shape is not None
    free = 0 if (shape == -1).any() else -1  # 0 takes the input's extent, -1 what is left
    mended = np.concatenate([[free], shape[1:]]).astype(np.int64)
    name = f"{node.name}_free_shape"
    value = ir.Value(
        name=name,
        const_value=ir.Tensor(mended, name=name),
        type=ir.TensorType(ir.DataType.INT64),
        shape=ir.Shape(mended.shape),
    )
    graph.register_initializer(value)
    node.replace_input_with(1, value)


def _rows_agree(original: Session, freed: Session, model: Model, batch: int, rows: int) -> bool:
    feeds = _make_feeds(model.ir, rows)
    free = {
        value.name
        for value in model.ir.graph.inputs
        if value.shape and not isinstance(_rows(value), int)
    }
    together = freed.run(feeds)
    for row in range(rows):
        repeated = {
            name: np.repeat(array[row : row + 1], batch, axis=0) if name in free else array
            for name, array in feeds.items()
        }
        alone = original.run(repeated)
        for name, joint in together.items():
            single = alone[name]
            if joint.ndim and single.ndim and (len(joint), len(single)) == (rows, batch):
                joint, single = joint[row], single[0]
            if not _is_close(joint, single):
                return False
    return True


def _is_close(found: np.ndarray, wanted: np.ndarray) -> bool:
    if found.shape != wanted.shape:
        return False
    if found.dtype.kind != "f":
        return bool(np.array_equal(found, wanted))
    scale = float(np.abs(wanted).max(initial=0.0))
    return bool(np.abs(found - wanted).max(initial=0.0) <= _LIMIT * scale)


def _make_feeds(model: ir.Model, rows: int) -> dict[str, np.ndarray]:
    """Return random inputs with this many rows, ids inside their tables."""
    rng = np.random.default_rng(rows)
    ranges = infer_ranges(model)
    feeds: dict[str, np.ndarray] = {}
    for value in model.graph.inputs:
        if value.shape is None or value.dtype is None or value.name is None:
            raise ModelError(f"input {value.name!r} has no known shape")
        shape = [
            extent if isinstance(extent, int) else rows if at == 0 else 2
            for at, extent in enumerate(value.shape)
        ]
        whole = ranges.get((value.name, None))
        is_whole = value.dtype.is_integer() or whole is not None
        low, high = whole or (0, 2)
        drawn = rng.integers(low, high, shape) if is_whole else rng.uniform(0, 1, shape)
        array = np.asarray(drawn, value.dtype.numpy())
        for (name, column), (least, end) in ranges.items():
            if name == value.name and column is not None:
                array[..., column] = rng.integers(least, end, shape[:-1])
        feeds[value.name] = array
    return feeds


def _culprit(model: ir.Model, batch: int) -> str:
    """Return which node still writes the frozen batch into a shape, in words, or ""."""
    for node in model.graph:
        if has_trait(node, Trait.TAKES_EXTENTS) and len(node.inputs) == 2:
            shape = constant_array(node.inputs[1])
            if shape is not None and shape.size and shape[0] == batch:
                return f"{node.op_type} {node.name!r} fixes the batch at {batch}"
    return ""
