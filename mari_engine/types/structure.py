"""A graph's structure: all of it but its weights, as names, texts and a digest; structure.json.

Two models of one structure differ in the elements of their weights alone, and in names inside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from mari_engine.errors import ModelError
from mari_engine.types.coloring import Side
from mari_engine.types.graph_info import TensorInfo
from mari_engine.types.json_fields import JsonDocument, JsonObject

_VERSION = 1
_DOCUMENT = JsonDocument(ModelError, "run 'mari optimize' again")


@dataclass(frozen=True)
class StructureConstant:
    """A constant that nodes read: a weight, or numbers that say what is computed."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    value: str = ""
    """The elements, or a digest of many, where they are structure; "" for a weight."""


@dataclass(frozen=True)
class StructureNode:
    """A node: its operator, what it reads and makes, and the side that it was found to be on."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    """Names of values, "" for one that is left out; behind them what the node's bodies capture."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, str]
    """As texts: equal ones are equal attributes, but for the elements of weights."""
    side: Side | None = None
    """Of its first result, by labels; None without any. No part of the digest."""


@dataclass(frozen=True)
class Structure:
    """Operators, attributes, wiring, interface, and shapes and types of weights, in file order."""

    opsets: Mapping[str, int]
    """By domain, "" for ONNX's own: of the operators that occur."""
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    constants: tuple[StructureConstant, ...]
    """In order of first use."""
    nodes: tuple[StructureNode, ...]

    @cached_property
    def constants_by_name(self) -> Mapping[str, StructureConstant]:
        """The constants by name."""
        return {each.name: each for each in self.constants}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the structure; names count of inputs and outputs alone.

        Symbolic extents count by where they first occur, and the order of nodes does. Which nodes
        share a constant does not: exporters, and the rewrite, share those that happen to be equal.
        """
        digest = hashlib.sha256()
        for part in self._parts():
            digest.update(repr(part).encode())
        return digest.hexdigest()

    def _parts(self) -> Iterator[object]:
        symbols: dict[str, int] = {}
        values: dict[str, int] = {}
        yield sorted(self.opsets.items())
        for each in self.inputs:
            values[each.name] = len(values)
            yield each.name, each.dtype, _numbered(each.shape, symbols)
        for node in self.nodes:
            read = [self._origin(name, values) for name in node.inputs]
            made = [bool(name) for name in node.outputs]
            yield node.domain, node.op, read, made, sorted(node.attributes.items())
            for name in node.outputs:
                values[name] = len(values)
        for each in self.outputs:
            origin = self._origin(each.name, values)
            yield each.name, each.dtype, _numbered(each.shape, symbols), origin

    def _origin(self, name: str, values: dict[str, int]) -> object:
        """Return a value's number, or what is known of a constant: which nodes share it is not."""
        constant = self.constants_by_name.get(name)
        if constant is not None:
            return constant.dtype, constant.shape, constant.value
        return values.setdefault(name, len(values)) if name else None

    def to_json(self) -> dict[str, Any]:
        """Return the contents of structure.json."""
        document = {"version": _VERSION, **asdict(self)}
        for each in (*document["inputs"], *document["outputs"]):
            del each["bytes"]
        return document

    def to_text(self) -> str:
        """Return the same as JSON text with one node, constant, input or output a line."""
        fields = []
        for name, item in self.to_json().items():
            text = json.dumps(item, ensure_ascii=False)
            if isinstance(item, tuple) and item:
                rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in item)
                text = f"[\n    {rows}\n  ]"
            fields.append(f"  {json.dumps(name)}: {text}")
        return "{\n" + ",\n".join(fields) + "\n}\n"

    @staticmethod
    def from_json(data: object, where: str = "structure.json") -> Structure:
        """Read what `to_json` returned; raises ModelError naming the field that is wrong."""
        top = JsonObject(data, where, _DOCUMENT)
        top.check_version(_VERSION)
        opsets = top.nested("opsets", f"{where}: opsets")
        return Structure(
            opsets={str(name): opsets.whole(name) for name in opsets.fields},
            inputs=tuple(_tensor(row) for row in _rows(top, "inputs")),
            outputs=tuple(_tensor(row) for row in _rows(top, "outputs")),
            constants=tuple(_constant(row) for row in _rows(top, "constants")),
            nodes=tuple(_node(row) for row in _rows(top, "nodes")),
        )


def _numbered(
    shape: tuple[int | str, ...] | None, symbols: dict[str, int]
) -> tuple[int | str, ...] | None:
    if shape is None:
        return None
    return tuple(
        at if isinstance(at, int) else f"#{symbols.setdefault(at, len(symbols))}" for at in shape
    )


def _rows(top: JsonObject, name: str) -> Iterator[JsonObject]:
    for at, row in enumerate(top.items(name)):
        yield top.entry(row, f"{top.where}: {name} {at}")


def _tensor(row: JsonObject) -> TensorInfo:
    shape = None if row.fields.get("shape") is None else tuple(row.items("shape"))
    return TensorInfo(row.text("name"), row.text("dtype"), shape)


def _constant(row: JsonObject) -> StructureConstant:
    shape = tuple(row.items("shape"))
    return StructureConstant(row.text("name"), row.text("dtype"), shape, row.text("value"))


def _node(row: JsonObject) -> StructureNode:
    attributes = row.nested("attributes", f"{row.where} attributes")
    return StructureNode(
        name=row.text("name"),
        op=row.text("op"),
        domain=row.text("domain"),
        inputs=tuple(row.items("inputs")),
        outputs=tuple(row.items("outputs")),
        attributes={str(name): attributes.text(name) for name in attributes.fields},
        side=None if row.fields.get("side") is None else row.choice("side", Side),
    )
