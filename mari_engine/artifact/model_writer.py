"""Writing model.onnx and model.onnx.data; external tables are copied from file to file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import onnx_ir as ir

from mari_engine.graph import Model, extents, stored_bytes

MODEL_FILE = "model.onnx"
DATA_FILE = f"{MODEL_FILE}.data"
_ALIGNMENT = 4096
"""Runtimes map tensors from pages of this many bytes."""
_LARGEST_INLINE = 3 << 29
"""Bytes of weights (1.5 GB) up to which they stay in the model file, which must be below 2 GB."""
_SMALLEST_BESIDE = 1 << 20
_CHUNK = 1 << 24


@dataclass(frozen=True)
class _Place:
    """A tensor's offset in the data file, in bytes."""

    value: ir.Value
    tensor: ir.TensorProtocol
    offset: int


def write_model(model: Model, folder: Path, name: str = MODEL_FILE) -> tuple[Path, ...]:
    """Write `model.onnx`, and `model.onnx.data` when it is large or was in such a file.

    `name` is another name for the file. Returns the files. The operator set and IR version are the
    model's. Tensors that are in files are copied by the system, holes stay holes: no table passes
    through memory.
    """
    copy = model.ir.clone()
    in_memory = [value for value in _initializers(copy) if not _is_external(value)]
    total = sum(_nbytes(value) for value in in_memory)
    beside = [value for value in _initializers(copy) if _is_external(value)]
    if total > _LARGEST_INLINE:
        beside += [value for value in in_memory if _nbytes(value) >= _SMALLEST_BESIDE]
    files = [folder / name]
    if beside:
        files.append(folder / f"{name}.data")
        _write_data(list(_lay_out(beside)), files[-1])
    files[0].write_bytes(ir.serde.serialize_model(copy).SerializeToString())
    return tuple(files)


def _initializers(model: ir.Model) -> list[ir.Value]:
    return [value for graph in model.graphs() for value in graph.initializers.values()]


def _is_external(value: ir.Value) -> bool:
    return isinstance(value.const_value, ir.ExternalTensor)


def _nbytes(value: ir.Value) -> int:
    return 0 if value.const_value is None else stored_bytes(value.const_value)


def _lay_out(values: list[ir.Value]) -> Iterator[_Place]:
    """Yield page-aligned offsets, the same one for values that share a tensor."""
    end = 0
    known: dict[object, int] = {}
    for value in values:
        tensor = value.const_value
        assert tensor is not None
        identity: object = id(tensor)
        if isinstance(tensor, ir.ExternalTensor):
            identity = (tensor.path, tensor.offset, tensor.nbytes)
        if identity not in known:
            known[identity] = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = known[identity] + tensor.nbytes
        yield _Place(value, tensor, known[identity])


def _write_data(places: list[_Place], path: Path) -> None:
    """Write the data file, and let the values point into it."""
    written: set[int] = set()
    with path.open("wb") as file:
        for place in places:
            if place.offset not in written:
                written.add(place.offset)
                _write_tensor(place.tensor, file, place.offset)
            place.value.const_value = ir.ExternalTensor(
                path.name,
                place.offset,
                place.tensor.nbytes,
                place.tensor.dtype,
                shape=ir.Shape(place.tensor.shape.numpy()),
                name=place.value.name or "",
                base_dir=path.parent,
            )
        file.truncate(max(place.offset + place.tensor.nbytes for place in places))


def _write_tensor(tensor: ir.TensorProtocol, file: BinaryIO, offset: int) -> None:
    if not isinstance(tensor, ir.ExternalTensor):
        file.seek(offset)
        file.write(tensor.tobytes())
        file.flush()
        return
    start = tensor.offset or 0
    with open(tensor.path, "rb") as source:
        for begin, end, is_hole in extents(source.fileno(), start, start + tensor.nbytes):
            if not is_hole:
                _copy(source.fileno(), begin, end, file.fileno(), offset + begin - start)


def _copy(source: int, begin: int, end: int, target: int, at: int) -> None:
    """Copy bytes from file to file: within the system where it can, else in small pieces."""
    while begin < end:
        count = min(_CHUNK, end - begin)
        try:
            copied = os.copy_file_range(source, target, count, begin, at)
        except (AttributeError, OSError):  # another file system, or none that can do it
            copied = os.pwrite(target, os.pread(source, count, begin), at)
        if copied == 0:
            raise OSError(f"the file ended {end - begin} bytes early")
        begin, at = begin + copied, at + copied
