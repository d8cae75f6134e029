"""Loading: an .onnx file or its bytes, validated and normalized into a Model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnx_ir as ir

from mari_engine.errors import LimitError, MariError, ModelError
from mari_engine.graph import Model, check_external_data, list_proto_bodies
from mari_engine.loading.batch_axis import check_freed, free_inputs, mend_reshapes
from mari_engine.loading.function_inlining import inline_many
from mari_engine.loading.normalization import normalize
from mari_engine.loading.sparse_initializers import make_dense
from mari_engine.loading.tensor_sizes import check_sizes
from mari_engine.loading.validation import parse_model
from mari_engine.native import no_collection

_LARGEST_FILE = (1 << 31) - 1


@no_collection()
def load(source: str | Path | bytes, *, name: str | None = None, free_batch: bool = False) -> Model:
    """Return the normalized model in a file or in a file's bytes.

    External data are checked but not read. `free_batch` gives a model whose inputs were frozen at a
    batch of 1 or 2 a symbolic batch "N" again. Raises ModelError in one line for everything that is
    not such a model.
    """
    path = None if isinstance(source, bytes) else Path(source)
    where = name or (path.name if path is not None else "model")
    data = source if isinstance(source, bytes) else _read(Path(source))
    try:
        return _load(data, path, where, name, free_batch)
    except LimitError as error:
        raise LimitError(f"{where}: {error}") from error
    except RecursionError as error:
        raise ModelError(
            f"{where}: its functions or bodies are nested too deep; inline them before the export"
        ) from error


def _load(data: bytes, path: Path | None, where: str, name: str | None, free_batch: bool) -> Model:
    proto = parse_model(data, where)
    operators = frozenset(_operators(proto))
    nodes = sum(bool(node.input) for node in proto.graph.node)
    make_dense(proto, where)
    folder = path.resolve().parent if path is not None else None
    states = check_external_data(proto, folder, where)
    batch = free_inputs(proto, where) if free_batch else None
    graph, stated = _to_ir(proto, folder, where)
    stem = name or (path.stem if path is not None else proto.graph.name or "model")
    kept = None if path is not None else data
    digest = hashlib.sha256(data).hexdigest()
    model = Model(graph, stem, path, kept, stated, digest, states, operators, nodes)
    if batch is not None:
        mend_reshapes(graph, batch)
        check_freed(model, batch)
    return model


def _operators(proto: onnx.ModelProto) -> Iterator[tuple[str, str]]:
    """Yield domain and type of all nodes, those in functions and bodies included."""
    left = [*proto.graph.node, *(node for each in proto.functions for node in each.node)]
    while left:
        node = left.pop()
        yield node.domain, node.op_type
        for body in list_proto_bodies(node):
            left += body.node


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; give the path of an .onnx file")
    if path.stat().st_size > _LARGEST_FILE:
        raise ModelError(
            f"{path}: larger than 2 GB, more than ONNX allows; save its weights as external data"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from (
            error
        )


def _to_ir(
    proto: onnx.ModelProto, folder: Path | None, where: str
) -> tuple[ir.Model, frozenset[str]]:
    _check_tensors(proto, where)
    check_sizes(proto, where)
    try:
        model = ir.serde.deserialize_model(inline_many(proto))
        if folder is not None:
            ir.external_data.set_base_dir(model.graph, folder)
            for function in model.functions.values():
                ir.external_data.set_base_dir(function.graph, folder)
        stated = normalize(model)
    except MariError:
        raise
    except Exception as error:  # a malformed graph may fail anywhere in the library
        reason = " ".join(str(_root(error)).split())[:300]
        raise ModelError(f"{where}: not a valid ONNX model ({reason}); export it again") from error
    return model, stated


def _check_tensors(proto: onnx.ModelProto, where: str) -> None:
    """Refuse outputs that are maps, which converters of classifiers make of probabilities."""
    maps = {
        value.name
        for value in proto.graph.output
        if "map_type" in (value.type.WhichOneof("value"), _element(value.type))
    }
    for node in proto.graph.node:
        for output in maps.intersection(node.output):
            raise ModelError(
                f"{where}: node {node.name or node.op_type!r} makes output {output!r} a list of "
                "maps, and no tensor; convert the classifier again with zipmap=False (in skl2onnx "
                "options={'zipmap': False})"
            )


def _element(kind: onnx.TypeProto) -> str | None:
    """Return the kind of a sequence's elements; None for what is no sequence."""
    if kind.WhichOneof("value") != "sequence_type":
        return None
    return str(kind.sequence_type.elem_type.WhichOneof("value"))


def _root(error: BaseException) -> BaseException:
    """Return what an error was first caused by; the library wraps it in its call's arguments."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
