"""An ONNX model: its normalized graph, and the file or the bytes that it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.graph.external_data import FileState, external_tensors


@dataclass(frozen=True, eq=False)
class Model:
    """A normalized model; compared by identity, its graph to be cloned and never changed.

    `ir` is as `loading.normalization` leaves it. Tensors in external data stay in their files.
    """

    ir: ir.Model
    name: str
    path: Path | None = None
    """The file it came from, or None for bytes and for rewritten models."""
    data: bytes | None = field(default=None, repr=False)
    """The bytes it came from, or None."""
    stated: frozenset[str] = frozenset()
    """The values whose shapes the file itself stated; the others' were inferred."""
    digest: str = ""
    """The SHA-256 of the file, or of the bytes, as they were read; "" for rewritten models."""
    data_states: Mapping[Path, FileState] = field(default_factory=dict, repr=False)
    """The external data files as they were when the model was read."""
    operators: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    """Domain and type of the nodes of the file itself, which runtimes see; none if rewritten."""
    file_nodes: int | None = None
    """In the main graph of the file, those that read something; None for rewritten models."""

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
        if self.digest:
            return self.digest
        return hashlib.sha256(ir.serde.serialize_model(self.ir).SerializeToString()).hexdigest()

    @property
    def identity(self) -> str:
        """A key for caches that is unique to this model, without its tables being read.

        The SHA-256 with name, size and time of change of each external data file.
        """
        states = [(path, path.stat()) for path in self.data_files]
        stamps = [f"{path.name} {state.st_size} {state.st_mtime_ns}" for path, state in states]
        return " ".join([self.sha256, *stamps])

    def check_data(self) -> None:
        """Return if the external data are what they were when the model was read.

        Raises ModelError naming the file that was changed since.
        """
        for path, state in self.data_states.items():
            try:
                same = FileState.of(path) == state
            except OSError:
                same = False
            if not same:
                raise ModelError(
                    f"{path}: was changed after the model was read, so what was checked is not "
                    "what is there; run it again"
                )

    @cached_property
    def data_files(self) -> tuple[Path, ...]:
        """The external data files that the model still uses, sorted."""
        return tuple(sorted({Path(tensor.path) for tensor in external_tensors(self.ir)}))
