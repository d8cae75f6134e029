"""A model serialized for onnxruntime, its external tensors memory-mapped from their files."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.graph import Model, external_tensors, stored_bytes

_FOLDER_KEY = "session.model_external_initializers_file_folder_path"
_MESSAGE_LIMIT = (1 << 31) - (64 << 20)


def serialize_for_runtime(model: Model) -> tuple[bytes, dict[str, str]]:
    """Return the serialized model, and the session's entries that say where its tables lie.

    External tensors stay in their files, which onnxruntime maps: a table of 4 GB costs neither a
    copy nor memory. Of a model that was loaded, shapes that only inference found are left out:
    runtimes fuse by shapes, and it would not run as its file does. Raises ModelError when the other
    tensors exceed protobuf's 2 GB, and when files lie in more than one folder.
    """
    folders = sorted({str(tensor.base_dir) for tensor in external_tensors(model.ir)})
    if len(folders) > 1:
        raise ModelError(
            f"{model.name}: external data in two folders, {folders[0]} and {folders[1]}; "
            "put them into one"
        )
    if _bytes_in_memory(model.ir) > _MESSAGE_LIMIT:
        raise ModelError(
            f"{model.name}: more than 2 GB of weights in memory; export its tables as external data"
        )
    proto = ir.serde.serialize_model(model.ir)
    if model.as_loaded:
        for info in proto.graph.value_info:
            if info.name not in model.stated and info.type.HasField("tensor_type"):
                info.type.tensor_type.ClearField("shape")
    entries = {_FOLDER_KEY: folders[0]} if folders else {}
    return bytes(proto.SerializeToString()), entries


def _bytes_in_memory(model: ir.Model) -> int:
    tensors = [value.const_value for value in model.graph.initializers.values()]
    return sum(
        stored_bytes(tensor)
        for tensor in tensors
        if tensor is not None and not isinstance(tensor, ir.ExternalTensor)
    )
