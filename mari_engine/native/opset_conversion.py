"""ONNX's own conversion of a model to a later version of the standard operators."""

from __future__ import annotations

import onnx
import onnx.version_converter


def convert_opset(data: bytes, opset: int) -> tuple[bytes, str]:
    """Return the serialized model with the operators of an opset, or no bytes and why not.

    Bodies are converted too; operators of other domains, names and external data stay.
    https://github.com/onnx/onnx/blob/main/docs/VersionConverter.md
    """
    try:
        converted = onnx.version_converter.convert_version(onnx.load_model_from_string(data), opset)
    except (RuntimeError, ValueError) as error:
        return b"", " ".join(str(error).split())[:200]
    return bytes(converted.SerializeToString()), ""
