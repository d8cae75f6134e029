"""The parts of an offloaded model, as a manifest lists them: request, item and online."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mari_engine.types.interface import InputBinding, InterfaceTensor, Rows, read_extents, read_rows
from mari_engine.types.json_fields import JsonObject


class PartKind(StrEnum):
    """When a part of a model is computed."""

    REQUEST = "request"
    """Before the candidates are known: what only user and context reach."""
    ITEM = "item"
    """Over the catalogue, before any request: what only item features reach."""
    ONLINE = "online"
    """For each request and its candidates: the rest."""


@dataclass(frozen=True)
class FetchedInput:
    """An input of a part that an output of another part fills."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    """Extents, symbols by name."""
    rows: Rows
    part: PartKind
    output: str

    def to_json(self) -> dict[str, Any]:
        """Return its entry of a part's `inputs`."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "shape": list(self.shape),
            "rows": self.rows,
            "source": {"part": str(self.part), "output": self.output},
        }

    @staticmethod
    def from_json(entry: JsonObject) -> FetchedInput:
        """Read what `to_json` returned; raises the document's error, naming the field."""
        source = entry.nested("source", f"{entry.where} source")
        return FetchedInput(
            name=entry.text("name"),
            dtype=entry.text("dtype"),
            shape=read_extents(entry),
            rows=read_rows(entry),
            part=source.choice("part", PartKind),
            output=source.text("output"),
        )


PartInput = InputBinding | FetchedInput


@dataclass(frozen=True)
class FileDigest:
    """A file of an artifact, by its name within the folder, and its SHA-256."""

    file: str
    sha256: str

    @staticmethod
    def from_json(entry: JsonObject) -> FileDigest:
        """Read its fields; raises the document's error where the name leads out of the folder."""
        name = entry.text("file")
        if not name or name in (".", "..") or set(name) & set("/\\"):
            raise entry.wrong("'file' must be the name of a file in this folder")
        return FileDigest(name, entry.text("sha256"))


@dataclass(frozen=True)
class Part:
    """One of the models that a model was cut into: its file, and how it is called."""

    part: PartKind
    model: FileDigest
    data: tuple[FileDigest, ...]
    """The files of its large weights; none where they lie in the model's own."""
    inputs: tuple[PartInput, ...]
    outputs: tuple[InterfaceTensor, ...]
    """Of the item part: what a store holds of each item; the items come first in its shape."""

    def to_json(self) -> dict[str, Any]:
        """Return its entry of a manifest's `parts`."""
        return {
            "part": str(self.part),
            **asdict(self.model),
            "data": [asdict(item) for item in self.data],
            "inputs": [item.to_json() for item in self.inputs],
            "outputs": [item.name for item in self.outputs],
            "tensors": [asdict(item) for item in self.outputs],
        }

    @staticmethod
    def from_json(entry: JsonObject) -> Part:
        """Read what `to_json` returned; raises the document's error, naming the field."""
        inputs = tuple(
            _input(entry.entry(row, f"{entry.where} input {at}"))
            for at, row in enumerate(entry.items("inputs"))
        )
        outputs = tuple(
            _output(entry.entry(row, f"{entry.where} output {at}"))
            for at, row in enumerate(entry.items("tensors"))
        )
        if [item.name for item in outputs] != entry.items("outputs"):
            raise entry.wrong("'outputs' and 'tensors' must be of the same names")
        return Part(
            part=entry.choice("part", PartKind),
            model=FileDigest.from_json(entry),
            data=tuple(
                FileDigest.from_json(entry.entry(row, f"{entry.where} data {at}"))
                for at, row in enumerate(entry.items("data"))
            ),
            inputs=inputs,
            outputs=outputs,
        )


def _input(entry: JsonObject) -> PartInput:
    source = entry.nested("source", f"{entry.where} source")
    if "part" in source.fields:
        return FetchedInput.from_json(entry)
    return InputBinding.from_json(entry)


def _output(entry: JsonObject) -> InterfaceTensor:
    return InterfaceTensor(
        entry.text("name"), entry.text("dtype"), read_extents(entry), read_rows(entry)
    )
