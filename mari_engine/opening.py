"""Hands a model to onnxruntime without copying its large tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from mari_engine.errors import ModelError
from mari_engine.external_data import external_tensors

if TYPE_CHECKING:
    from mari_engine.loading import Model

_FOLDER_KEY = "session.model_external_initializers_file_folder_path"
_MESSAGE_LIMIT = (1 << 31) - (64 << 20)
_HANDED_OVER = 1 << 20
"""Bytes from which a tensor is handed over beside a message that would be too large with it."""


def opened_for_runtime(model: Model, options: ort.SessionOptions) -> bytes:
    """Return the serialized model, and set in `options` where its large tensors are found.

    External tensors stay in their files, which onnxruntime maps: a table of 4 GB costs neither a
    copy nor memory. The options may then be used for this model only. Raises ModelError when the
    external tensors lie in more than one folder.
    """
    folders = sorted({str(tensor.base_dir) for tensor in external_tensors(model.ir)})
    if len(folders) > 1:
        raise ModelError(
            f"{model.name}: external data in two folders, {folders[0]} and {folders[1]}; "
            "put them into one"
        )
    if folders:
        options.add_session_config_entry(_FOLDER_KEY, folders[0])
    if sum(tensor.nbytes for _, tensor in _in_memory(model.ir)) <= _MESSAGE_LIMIT:
        return bytes(ir.serde.serialize_model(model.ir).SerializeToString())
    return _with_tensors_beside(model.ir, options)


def _in_memory(model: ir.Model) -> Iterator[tuple[ir.Value, ir.TensorProtocol]]:
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if tensor is not None and not isinstance(tensor, ir.ExternalTensor):
            yield value, tensor


def _with_tensors_beside(model: ir.Model, options: ort.SessionOptions) -> bytes:
    """Return the message without its large tensors, which `options` then hold."""
    light = model.clone()
    names: list[str] = []
    values: list[ort.OrtValue] = []
    for value, tensor in list(_in_memory(light)):
        if tensor.nbytes < _HANDED_OVER or value.name is None:
            continue
        array = np.ascontiguousarray(tensor.numpy())
        names.append(value.name)
        values.append(ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, int(tensor.dtype)))
        shape = ir.Shape(tensor.shape.numpy())
        value.const_value = ir.ExternalTensor(
            "handed-over", 0, tensor.nbytes, tensor.dtype, shape=shape, name=value.name
        )
    options.add_external_initializers(names, values)
    proto: onnx.ModelProto = ir.serde.serialize_model(light)
    return bytes(proto.SerializeToString())
