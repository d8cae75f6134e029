"""A file or its bytes → a normalized model that is never changed again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import onnx
import onnx_ir as ir

from mari_engine.admitting import parse_model
from mari_engine.collecting import no_collection
from mari_engine.errors import ModelError
from mari_engine.external_data import check_external_data, external_tensors, fingerprint
from mari_engine.freeing import check_freed, free_inputs, mend_reshapes
from mari_engine.normalizing import normalize

_LARGEST_FILE = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Model:
    """A normalized model; compared by identity, its graph to be cloned and never changed.

    `ir` holds what `normalizing.normalize` promises. Tensors in external data stay in their files.
    """

    ir: ir.Model
    name: str
    path: Path | None = None
    """The file it came from, or None for bytes and for rewritten models."""
    data: bytes | None = field(default=None, repr=False)
    """The bytes it came from, or None."""
    stated: frozenset[str] = frozenset()
    """The values whose shapes the file itself stated; the others' were inferred."""

    @property
    def as_loaded(self) -> bool:
        """True for a model that was read, False for one that was rewritten."""
        return self.path is not None or self.data is not None

    @property
    def opset(self) -> int:
        """The version of the default operator set."""
        return self.ir.opset_imports[""]

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the model file itself, without its external data.

        For a model that was rewritten in memory: of its serialized graph.
        """
        if self.path is not None:
            return fingerprint(self.path)
        if self.data is not None:
            return hashlib.sha256(self.data).hexdigest()
        return hashlib.sha256(ir.serde.serialize_model(self.ir).SerializeToString()).hexdigest()

    @property
    def identity(self) -> str:
        """What tells this model from others without reading its tables; a key for caches.

        The SHA-256 with name, size and time of change of each external data file.
        """
        states = [(path, path.stat()) for path in self.data_files]
        told = [f"{path.name} {state.st_size} {state.st_mtime_ns}" for path, state in states]
        return " ".join([self.sha256, *told])

    @cached_property
    def data_files(self) -> tuple[Path, ...]:
        """The external data files that the model still uses, sorted."""
        return tuple(sorted({Path(tensor.path) for tensor in external_tensors(self.ir)}))


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
    proto = parse_model(data, where)
    folder = path.resolve().parent if path is not None else None
    check_external_data(proto, folder, where)
    batch = free_inputs(proto, where) if free_batch else None
    graph, stated = _to_ir(proto, folder, where)
    stem = name or (path.stem if path is not None else proto.graph.name or "model")
    model = Model(graph, stem, path, None if path is not None else data, stated)
    if batch is not None:
        mend_reshapes(graph, batch)
        check_freed(str(path) if path is not None else data, model, batch)
    return model


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
    try:
        model = ir.serde.deserialize_model(proto)
        if folder is not None:
            ir.external_data.set_base_dir(model.graph, folder)
            for function in model.functions.values():
                ir.external_data.set_base_dir(function.graph, folder)
        stated = normalize(model)
    except Exception as error:  # a malformed graph may fail anywhere in the library
        reason = " ".join(str(_root(error)).split())[:300]
        raise ModelError(f"{where}: not a valid ONNX model ({reason}); export it again") from error
    return model, stated


def _root(error: BaseException) -> BaseException:
    """Return what an error was first caused by; the library wraps it in its call's arguments."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
