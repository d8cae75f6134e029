"""config.pbtxt: a model's inputs and outputs as Triton is to call them.

https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mari_engine.errors import ModelError
from mari_engine.types import InterfaceTensor

_TYPES = {
    "float32": "FP32", "float16": "FP16", "float64": "FP64", "bfloat16": "BF16", "bool": "BOOL",
    "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64", "uint8": "UINT8",
    "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "string": "STRING",
}  # fmt: skip


@dataclass(frozen=True)
class Ragged:
    """How Triton batches requests of unequal numbers of candidates."""

    most: int
    """Requests in one call at most."""
    counted: str
    """The input of which a request's elements are counted."""
    counts: str
    """The model's input that takes the counts, int32 `[R]`."""


def write_config(
    name: str,
    inputs: Sequence[InterfaceTensor],
    outputs: Sequence[InterfaceTensor],
    ragged: Ragged | None = None,
) -> str:
    """Return the contents of config.pbtxt.

    Without `ragged` each call is one request, in shapes as they are. With it requests are batched:
    those of one row each are stacked, candidates lie one request behind the other, and Triton
    counts them.
    """
    lines = [f"name: {_text(name)}", 'backend: "onnxruntime"']
    lines.append(f"max_batch_size: {ragged.most if ragged else 0}")
    for kind, ports in (("input", inputs), ("output", outputs)):
        for port in ports:
            lines += _block(kind, _describe(port, kind, ragged is not None))
    if ragged is not None:
        lines += _block("batch_input", [
            "kind: BATCH_ELEMENT_COUNT", f"target_name: {_text(ragged.counts)}",
            "data_type: TYPE_INT32", f"source_input: {_text(ragged.counted)}",
        ])  # fmt: skip
        for port in outputs:
            if port.rows == "candidate":
                lines += _block("batch_output", [
                    f"target_name: {_text(port.name)}", "kind: BATCH_SCATTER_WITH_INPUT_SHAPE",
                    f"source_input: {_text(ragged.counted)}",
                ])  # fmt: skip
        lines.append("dynamic_batching { }")
    return "\n".join(lines) + "\n"


def _describe(port: InterfaceTensor, kind: str, batched: bool) -> Iterator[str]:
    if port.dtype not in _TYPES:
        raise ModelError(f"{kind} {port.name!r} is {port.dtype}, which Triton has no type for")
    yield f"name: {_text(port.name)}"
    yield f"data_type: TYPE_{_TYPES[port.dtype]}"
    dims = [extent if isinstance(extent, int) else -1 for extent in port.shape]
    ragged = batched and port.rows == "candidate"
    own = dims[1:] if batched and not ragged else dims
    yield f"dims: [ {', '.join(map(str, own or [1]))} ]"
    if not own:  # every input has an axis for Triton
        yield "reshape: { shape: [ ] }"
    if ragged and kind == "input":
        yield "allow_ragged_batch: true"


def _block(kind: str, fields: Sequence[str] | Iterator[str]) -> list[str]:
    return [f"{kind} {{", *(f"  {field}" for field in fields), "}"]


def _text(text: str) -> str:
    """Return a text as a string of protobuf's text format."""
    kept = (c if c.isascii() and c.isprintable() and c not in '"\\' else None for c in text)
    pairs = zip(text, kept, strict=True)
    return '"' + "".join(
        plain or "".join(f"\\{byte:03o}" for byte in c.encode()) for c, plain in pairs
    ) + '"'  # fmt: skip
