"""External data: tensors in files beside the model, their locations checked, their bytes hashed.

A model may come from anybody, so a location is checked before anything is opened: it must name a
file inside the model's own folder that holds as many bytes as the tensor's shape needs.
https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnx_ir as ir

from mari_engine.errors import ModelError

_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)


def check_external_data(
    proto: onnx.ModelProto, folder: Path | None, where: str
) -> dict[Path, FileState]:
    """Return the files of external tensors, if each lies inside `folder`; opens no file.

    Raises ModelError, naming the tensor, for a location that leaves the folder, a missing or short
    file, and for any external tensor when `folder` is None (the model came as bytes).
    """
    sizes: dict[str, int] = {}
    for tensor in _external_protos(proto):
        at = f"{where}: tensor {tensor.name!r}"
        if folder is None:
            raise ModelError(f"{at} has external data; give the model by its path, not as bytes")
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if location not in sizes:
            sizes[location] = _contained_size(folder, location, at)
        _check_extent(tensor, entries, sizes[location], at)
    return {folder / each: FileState.of(folder / each) for each in sizes} if folder else {}


@dataclass(frozen=True)
class FileState:
    """What tells that a file was changed, or replaced by another: no program can set `changed`."""

    size: int
    modified: int
    changed: int
    node: int

    @staticmethod
    def of(path: Path) -> FileState:
        """Return the state of a file; raises OSError."""
        found = path.stat()
        return FileState(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def external_tensors(model: ir.Model) -> Iterator[ir.ExternalTensor]:
    """Yield the tensors of all graphs that are still in files."""
    for graph in model.graphs():
        for value in graph.initializers.values():
            if isinstance(value.const_value, ir.ExternalTensor):
                yield value.const_value


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file; holes of a sparse file are hashed without being read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for start, stop, is_hole in extents(file.fileno(), 0, size):
            for at in range(start, stop, _CHUNK):
                length = min(_CHUNK, stop - at)
                digest.update(_ZEROS[:length] if is_hole else os.pread(file.fileno(), length, at))
    return digest.hexdigest()


def extents(descriptor: int, start: int, stop: int) -> Iterator[tuple[int, int, bool]]:
    """Yield `(start, stop, is_hole)` runs that cover the bytes `start` to `stop` of a file.

    Where the system does not report holes, all of it is data.
    """
    at = start
    while at < stop:
        data = _next_data(descriptor, at, stop)
        if data > at:
            yield at, data, True
            at = data
            continue
        hole = _next_hole(descriptor, at, stop)
        yield at, hole, False
        at = hole


def _next_data(descriptor: int, at: int, stop: int) -> int:
    try:
        return min(stop, os.lseek(descriptor, at, os.SEEK_DATA))
    except AttributeError:  # no SEEK_DATA on this system
        return at
    except OSError:  # ENXIO: nothing but a hole up to the end of the file
        return stop


def _next_hole(descriptor: int, at: int, stop: int) -> int:
    try:
        hole = os.lseek(descriptor, at, os.SEEK_HOLE)
    except (AttributeError, OSError):
        return stop
    return min(stop, hole) if hole > at else stop


def _contained_size(folder: Path, location: str, at: str) -> int:
    """Return the size of the file at `location`, which must lie inside `folder`."""
    path = folder / location
    parts = Path(location).parts
    if not location or "\0" in location or Path(location).is_absolute() or ".." in parts:
        raise ModelError(
            f"{at} has external data at {location!r}; the location must be a plain path inside "
            "the model's folder"
        )
    try:
        inside, is_file = path.resolve().is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError) as error:  # too long a name, a loop of links
        raise ModelError(
            f"{at}: external data file {location!r} cannot be found "
            f"({getattr(error, 'strerror', None) or error}); put it beside the model"
        ) from error
    if not inside:
        raise ModelError(
            f"{at}: external data {location!r} links to outside the model's folder; copy the file "
            "there"
        )
    if not is_file:
        raise ModelError(
            f"{at}: external data file {location!r} is missing; put it beside the model"
        )
    status = path.stat()
    if status.st_nlink > 1:
        raise ModelError(
            f"{at}: external data file {location!r} has several hard links, so it may be any "
            "file of this machine; copy it"
        )
    return status.st_size


def _check_extent(
    tensor: onnx.TensorProto, entries: dict[str, str], file_size: int, at: str
) -> None:
    try:
        dtype = ir.DataType(tensor.data_type)
        elements = ir.Shape(tensor.dims).numpy()
        needed = _nbytes(elements, dtype)
        offset = int(entries.get("offset", 0))
        length = int(entries.get("length", needed))
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{at}: its external data entry is malformed ({error}); export the model again"
        ) from error
    if offset < 0 or length != needed or min(elements, default=0) < 0:
        raise ModelError(
            f"{at}: external data says {length} bytes at {offset}, its shape needs {needed}; "
            "export the model again"
        )
    if offset + length > file_size:
        raise ModelError(
            f"{at}: external data file {entries['location']!r} has {file_size} bytes, "
            f"{offset + length} are needed; it is cut short, so copy it again"
        )


def _nbytes(shape: tuple[int, ...], dtype: ir.DataType) -> int:
    elements = 1
    for extent in shape:
        elements *= extent
    return (elements * dtype.bitwidth + 7) // 8


def _external_protos(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from _in_graph(proto.graph)
    for function in proto.functions:
        for node in function.node:
            yield from _in_node(node)


def _in_graph(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from filter(_is_external, graph.initializer)
    for sparse in graph.sparse_initializer:
        yield from filter(_is_external, (sparse.values, sparse.indices))
    for node in graph.node:
        yield from _in_node(node)


def _in_node(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    for attribute in node.attribute:
        yield from filter(_is_external, (attribute.t, *attribute.tensors))
        for graph in (attribute.g, *attribute.graphs):
            yield from _in_graph(graph)


def _is_external(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)
