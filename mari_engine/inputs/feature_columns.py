"""Features of a packed input `[N, K]`: runs of columns that the same nodes and tables read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.inputs.column_tracing import WHOLE, Traces, packed_width
from mari_engine.inputs.id_ranges import Ranges
from mari_engine.ops import Trait, has_trait

_MOST_NAMES = 8
_PLAIN_WORDS = {
    "bias", "dict", "embed", "embedding", "embeddings", "emb", "embs", "layer", "layers", "linear",
    "lookup", "lut", "model", "module", "net", "table", "tables", "val", "weight", "weights",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """The columns `start` to `stop` of an input, all used alike; the whole input is one piece."""

    start: int
    stop: int
    used: bool
    tables: tuple[str, ...]
    """Names of the tables that these columns index."""
    others: tuple[str, ...]
    """Names of weights that these columns are multiplied with, and of the values that hold them."""
    range: tuple[int, int] | None
    """The ids that they may hold, or None."""

    @property
    def name(self) -> str:
        """The feature that the first table's name names, or ""."""
        return next(filter(None, map(_telling_part, self.tables)), "")


@dataclass(frozen=True)
class _Reader:
    """A value that something computes with, and the names around it."""

    tables: tuple[str, ...]
    others: tuple[str, ...]


def cut_inputs(model: ir.Model, traces: Traces, ranges: Ranges) -> tuple[tuple[Piece, ...], ...]:
    """Return for each graph input its pieces in order, at least one.

    Adjacent columns are one piece when the same nodes read them and they hold the same ids.
    """
    readers: list[_Reader] = []
    reading: list[dict[int, list[int]]] = [{} for _ in model.graph.inputs]
    for value, trace in traces.items():
        reader = _read_by(value, traces)
        if reader is None:
            continue
        for number, column in set(zip(trace.inputs.tolist(), trace.columns.tolist(), strict=True)):
            reading[number].setdefault(column, []).append(len(readers))
        readers.append(reader)
    return tuple(
        tuple(_cut(value, reading[number], readers, ranges))
        for number, value in enumerate(model.graph.inputs)
    )


def _cut(
    value: ir.Value, reading: Mapping[int, list[int]], readers: list[_Reader], ranges: Ranges
) -> Iterator[Piece]:
    name, width = value.name or "", packed_width(value)
    columns = [WHOLE] if width is None else list(range(width))
    keys = [
        (tuple(reading.get(at, ())), ranges.get((name, at), ranges.get((name, None))))
        for at in columns
    ]
    starts = [at for at in range(len(keys)) if at == 0 or keys[at] != keys[at - 1]]
    for start, stop in zip(starts, [*starts[1:], len(keys)], strict=True):
        used, bounds = keys[start]
        tables = dict.fromkeys(text for at in used for text in readers[at].tables)
        others = dict.fromkeys(text for at in used for text in readers[at].others)
        yield Piece(
            start,
            stop,
            bool(used),
            tuple(tables)[:_MOST_NAMES],
            tuple(others)[:_MOST_NAMES],
            bounds,
        )


def _read_by(value: ir.Value, traces: Traces) -> _Reader | None:
    """Return what computes with a value; None when its columns are only passed on."""
    nodes = [
        node
        for node, _ in value.uses()
        if not has_trait(node, Trait.SHAPE_ONLY)
        and not any(output in traces for output in node.outputs)
    ]
    if not nodes and not value.is_graph_output():
        return None
    tables: list[str] = []
    others: list[str] = [] if value.is_graph_input() else [value.name or ""]
    for node in nodes:
        found = others if node.inputs[0] is value else tables
        found += [other.name or "" for other in node.inputs if other and _is_table(other)]
    return _Reader(tuple(tables), tuple(others))


def _is_table(value: ir.Value) -> bool:
    tensor = value.const_value
    return tensor is not None and int(np.prod(tensor.shape.numpy())) > 1


def _telling_part(name: str) -> str:
    """Return the part of a table's name that names a feature, with the number that belongs to it.

    Behind one colon stands the number of an operator's output, in TensorFlow's names.

    >>> _telling_part("tables.user_id_emb_64.weight"), _telling_part("tables.interest_2.weight")
    ('user_id', 'interest_2')
    >>> _telling_part("onnx::Gather_12"), _telling_part("embedding_12.weight")
    ('', '')
    >>> _telling_part("model/sparse_emb_user_id/embedding_lookup/154:0")
    'sparse_emb_user_id'
    """
    if "::" in name:
        return ""
    for part in reversed(name.partition(":")[0].replace("/", ".").split(".")):
        words = part.split("_")
        while words and _ends_plainly(words):
            words.pop()
        while words and _is_plain(words[0]):
            words.pop(0)
        if words:
            return "_".join(words)
    return ""


def _ends_plainly(words: list[str]) -> bool:
    """True where the last word tells nothing; a number tells which, behind a word that tells."""
    last = words[-1]
    if last.isdigit():
        return len(words) == 1 or _is_plain(words[-2])
    return _is_plain(last)


def _is_plain(word: str) -> bool:
    return not word or word.isdigit() or word.lower() in _PLAIN_WORDS
