"""Random models that look each column of one packed input up in a table of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CAST = {np.dtype(np.int64): TensorProto.INT64, np.dtype(np.int32): TensorProto.INT32}


@dataclass(eq=False)
class PackedModel:
    """A model of one input `X[N, D]`, and the rows of the table of each of its columns."""

    data: bytes
    dtype: np.dtype
    rows: tuple[int, ...]
    """By column; 0 of one that is no id."""

    def request(self, candidates: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return ids of their tables, also such as count from the end."""
        columns = [
            rng.integers(-rows, rows, candidates) if rows else rng.integers(-9, 9, candidates)
            for rows in self.rows
        ]
        return {"X": np.stack(columns, axis=1).astype(self.dtype)}


@dataclass(eq=False)
class _Writer:
    rng: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, array: Any, dtype: Any = np.int64) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def op(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        node = helper.make_node(op, inputs, [name], name=f"n{len(self.nodes)}", **attributes)
        self.nodes.append(node)
        return name

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]


def random_packed_model(seed: int) -> PackedModel:
    """Return the model of a seed: fields in any spelling, joined in any order."""
    rng = np.random.default_rng(seed)
    w, dtype = _Writer(rng), np.dtype(_pick(rng, np.float32, np.float64, np.int64, np.int32))
    ids = np.dtype(_pick(rng, np.int64, np.int32)) if dtype.kind == "f" else dtype
    width, element = int(rng.integers(10, 25)), _pick(rng, np.float32, np.float64, np.float16)
    columns = rng.permutation(width)[: int(rng.integers(4, width + 1))]
    rows, tables, found = [0] * width, dict[tuple[int, int], str](), dict[int, list[str]]()
    whole = w.op("Cast", "X", to=CAST[ids]) if rng.random() < 0.2 else None
    for column in map(int, columns):
        size = rows[column] = int(rng.integers(2, 5))
        for wide in w.pick((1,), (4,), (1, 4)):
            shared = tables.get((size, wide)) if rng.random() < 0.2 else None
            table = shared or w.constant(rng.normal(size=(size, wide)), element)
            tables[size, wide] = table
            at = _column(w, column, width, ids, whole)
            found.setdefault(wide, []).append(w.op("Gather", table, at, axis=0))
    outputs = [out for each in found.values() for out in _read(w, each)]
    if len(found) > 1 and rng.random() < 0.3:
        mixed = [row for each in found.values() for row in each]
        order = rng.permutation(mixed) if rng.random() < 0.3 else mixed
        outputs.append(w.op("Concat", *map(str, order), axis=2))
    return PackedModel(_model(w, outputs, dtype, width, element), dtype, tuple(rows))


def _pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _column(w: _Writer, at: int, width: int, ids: np.dtype, whole: str | None) -> str:
    """Return one column as ids `[N, 1]`."""
    source = whole or "X"
    face = w.pick("slice", "slice", "from the end", "gather", "scalar")
    if face == "gather":
        cut = w.op("Gather", source, w.constant([at]), axis=1)
    elif face == "scalar":
        one = w.op("Gather", source, w.constant(at - width), axis=1)
        cut = w.op("Unsqueeze", one, w.constant([1]))
    else:
        start = at - width if face == "from the end" else at
        stop = at + 1 if start >= 0 or at + 1 < width else 2**31
        axis = w.pick(1, -1)
        cut = w.op("Slice", source, *(w.constant([number]) for number in (start, stop, axis)))
    return cut if whole else w.op("Cast", cut, to=CAST[ids])


def _read(w: _Writer, found: list[str]) -> list[str]:
    """Return what reads rows `[N, 1, E]`: joins of all and of some, in any order, and one alone."""
    outputs = []
    for count in (len(found), int(w.rng.integers(1, len(found) + 1)))[: w.pick(1, 1, 2)]:
        order = found if w.rng.random() < 0.8 else list(w.rng.permutation(found))
        some = order[:count]
        outputs.append(w.op("Concat", *map(str, some), axis=w.pick(1, 2)))
    if w.rng.random() < 0.4:
        outputs.append(w.op("Neg", str(w.rng.choice(found))))
    return outputs


def _model(w: _Writer, outputs: list[str], dtype: np.dtype, width: int, element: Any) -> bytes:
    kind = helper.np_dtype_to_tensor_dtype(dtype)
    made = helper.np_dtype_to_tensor_dtype(np.dtype(element))
    graph = helper.make_graph(
        w.nodes, "packed", [helper.make_tensor_value_info("X", kind, ["N", width])],
        [helper.make_tensor_value_info(name, made, None) for name in outputs], w.constants,
    )  # fmt: skip
    opset = helper.make_opsetid("", int(w.pick(13, 17, 21)))
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return bytes(model.SerializeToString())


def packed_tower(fields: int, width: int, rows: int, *, shared: bool = False) -> bytes:
    """Return a tower over fields `[N, 1, E]` of `X[N, fields]`; node `lookup_f` is the f-th.

    With `shared` the first table is the tower's first weight, too.
    """
    w = _Writer(np.random.default_rng(0))
    found, first = list[str](), ""
    for at in range(fields):
        table = w.constant(w.rng.normal(size=(rows, width)), np.float32)
        first = first or table
        bounds = [w.constant([number]) for number in (at, at + 1, 1)]
        ids = w.op("Cast", w.op("Slice", "X", *bounds), to=TensorProto.INT64)
        found.append(w.op("Gather", table, ids, axis=0))
        w.nodes[-1].name = f"lookup_{at}"
    flat = w.op("Reshape", w.op("Concat", *found, axis=2), w.constant([-1, fields * width]))
    weight = w.constant(w.rng.normal(size=(fields * width, rows)) / 9, np.float32)
    hidden = w.op("Relu", w.op("MatMul", flat, weight))
    other = first if shared else w.constant(w.rng.normal(size=(rows, width)), np.float32)
    return _model(w, [w.op("MatMul", hidden, other)], np.dtype(np.float32), fields, np.float32)
