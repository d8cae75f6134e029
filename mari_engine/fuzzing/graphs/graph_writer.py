"""Writes random ONNX graphs: values with known shapes, weights, and shape arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Extent = int | str
FLOATS = {
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
}
_VERSIONS = {"ai.onnx.ml": 3}
"""Of domains that are written in another version than the first."""


@dataclass(frozen=True)
class Value:
    """A tensor of the graph and its shape; "N" is the number of candidates."""

    name: str
    shape: tuple[Extent, ...]

    @property
    def rows(self) -> Extent:
        """The leading extent: "N", or 1 for what is one row still."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """The last extent, a number."""
        return int(self.shape[-1])


class TypedInput(Protocol):
    """An input of the graph, with the type of its elements."""

    @property
    def value(self) -> Value:
        """Its name and shape."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its elements."""


class Writer:
    """Collects nodes and weights; `whole` asks for weights that are small whole numbers."""

    def __init__(
        self, rng: np.random.Generator, *, dtype: type[np.floating], opset: int, whole: bool
    ) -> None:
        self.rng = rng
        self.dtype = np.dtype(dtype)
        self.opset = opset
        self.whole = whole
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.measures: dict[str, tuple[Value, int]] = {}
        """Values off whose shape a symbol can be read."""
        self._count = 0

    # --- chance

    def chance(self, share: float) -> bool:
        """Return True as often as `share` says."""
        return bool(self.rng.random() < share)

    def pick(self, *options: Any) -> Any:
        """Return one of the options."""
        return options[int(self.rng.integers(len(options)))]

    def below(self, stop: int, start: int = 0) -> int:
        """Return a number from `start` up to, but not including, `stop`."""
        return int(self.rng.integers(start, stop))

    # --- nodes

    def name(self, stem: str) -> str:
        """Return a name that is used once."""
        self._count += 1
        return f"{stem}_{self._count}"

    def ops(self, op: str, inputs: Sequence[Value | None], shapes: Sequence[tuple[Extent, ...]],
            **attributes: Any) -> list[Value]:  # fmt: skip
        """Add a node with several outputs."""
        outs = [Value(self.name(op.lower()), tuple(shape)) for shape in shapes]
        node = helper.make_node(
            op, ["" if v is None else v.name for v in inputs], [v.name for v in outs],
            name=self.name(f"/{op}"), **attributes,
        )  # fmt: skip
        self.nodes.append(node)
        return outs

    def op(self, op: str, inputs: Sequence[Value | None], shape: Sequence[Extent],
           **attributes: Any) -> Value:  # fmt: skip
        """Add a node with one output."""
        return self.ops(op, inputs, [tuple(shape)], **attributes)[0]

    def const(self, array: object, dtype: Any = None) -> Value:
        """Add a constant, as an initializer or as a node."""
        with np.errstate(over="ignore"):  # a low score is minus infinity in float16
            held = np.asarray(array, dtype=dtype or self.dtype)
        tensor = numpy_helper.from_array(held, self.name("w"))
        if self.chance(0.15):
            return self.op("Constant", [], held.shape, value=tensor)
        self.weights.append(tensor)
        return Value(tensor.name, held.shape)

    def ints(self, *numbers: int) -> Value:
        """Add a list of int64."""
        return self.const(np.array(numbers, dtype=np.int64), np.int64)

    def weight(self, *shape: int) -> Value:
        """Add a weight with random elements."""
        if self.whole:
            return self.const(self.rng.integers(-2, 3, shape))
        size = 0.3 if self.dtype == np.float16 else 0.7  # so that nothing overflows
        return self.const(self.rng.standard_normal(shape) * size)

    def listed(self, op: str, x: Value, axes: Sequence[int], shape: Sequence[Extent],
               since: int = 13, **attributes: Any) -> Value:  # fmt: skip
        """Add a node whose axes are an input since an opset, an attribute before it."""
        if self.opset >= since:
            return self.op(op, [x, self.ints(*axes)], shape, **attributes)
        return self.op(op, [x], shape, axes=list(axes), **attributes)

    def model(self, inputs: Sequence[TypedInput], outputs: Sequence[Value]) -> bytes:
        """Return the whole model as the bytes of a file."""
        number = helper.np_dtype_to_tensor_dtype
        given = [
            helper.make_tensor_value_info(
                each.value.name, number(np.dtype(each.dtype)), each.value.shape
            )
            for each in inputs
        ]
        made = [
            helper.make_tensor_value_info(value.name, FLOATS[self.dtype], [None] * len(value.shape))
            for value in outputs
        ]
        graph = helper.make_graph(self.nodes, "random", given, made, self.weights)
        own = sorted({node.domain for node in self.nodes} - {""})
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(domain, _VERSIONS.get(domain, 1)) for domain in own]
        version = 8 if self.opset < 21 else 10
        model = helper.make_model(graph, opset_imports=opsets, ir_version=version)
        return bytes(model.SerializeToString())

    # --- shape arithmetic

    def measure(self, symbol: str) -> Value:
        """Return an extent that only the run knows, as an int64 list of one element."""
        value, axis = self.measures[symbol]
        face = self.below(3 if self.opset >= 15 else 2)
        if face == 2:
            return self.op("Shape", [value], [1], start=axis, end=axis + 1)
        whole = self.op("Shape", [value], [len(value.shape)])
        if face == 1:
            cut = [self.ints(axis), self.ints(axis + 1), self.ints(0)]
            return self.op("Slice", [whole, *cut], [1])
        scalar = self.op("Gather", [whole, self.const(axis, np.int64)], [], axis=0)
        return self.listed("Unsqueeze", scalar, [0], [1])

    def extents(self, shape: Sequence[Extent | tuple[Extent, ...]]) -> Value:
        """Return a shape as a tensor; a tuple is a product of extents."""
        if not any(isinstance(extent, (str, tuple)) for extent in shape):
            return self.ints(*[int(extent) for extent in shape])  # type: ignore[arg-type]
        parts = [self._extent(extent) for extent in shape]
        return parts[0] if len(parts) == 1 else self.op("Concat", parts, [len(parts)], axis=0)

    def _extent(self, extent: Extent | tuple[Extent, ...]) -> Value:
        if isinstance(extent, int):
            return self.ints(extent)
        if isinstance(extent, str):
            return self.measure(extent)
        out = self._extent(extent[0])
        for each in extent[1:]:
            out = self.op("Mul", [out, self._extent(each)], [1])
        return out

    # --- views

    def reshape(self, x: Value, shape: Sequence[Extent], target: Value | None = None) -> Value:
        """Return the same elements under another shape, spelled in one of several ways."""
        if target is None:
            free = [at for at, extent in enumerate(shape) if isinstance(extent, str)]
            if len(free) == 1 and self.chance(0.6):
                numbers = [-1 if at in free else int(e) for at, e in enumerate(shape)]
                target = self.ints(*numbers)
            else:
                target = self.extents(list(shape))
        return self.op("Reshape", [x, target], shape)

    def transpose(self, x: Value, *order: int) -> Value:
        """Return the axes in another order."""
        return self.op("Transpose", [x], [x.shape[at] for at in order], perm=list(order))

    def unsqueeze(self, x: Value, axis: int) -> Value:
        """Return the value with one more axis, of extent 1."""
        shape = [*x.shape[:axis], 1, *x.shape[axis:]]
        given = axis - len(shape) if self.chance(0.3) else axis
        return self.listed("Unsqueeze", x, [given], shape)

    def squeeze(self, x: Value, axis: int) -> Value:
        """Return the value without an axis of extent 1."""
        return self.listed("Squeeze", x, [axis], [*x.shape[:axis], *x.shape[axis + 1 :]])

    def cast(self, x: Value, to: Any) -> Value:
        """Return the value in another type."""
        kind = np.dtype(to)
        number = FLOATS.get(kind) or helper.np_dtype_to_tensor_dtype(kind)
        return self.op("Cast", [x], x.shape, to=int(number))

    # --- arithmetic

    def binary(self, op: str, a: Value, b: Value) -> Value:
        """Return an elementwise op of values that broadcast."""
        return self.op(op, [a, b], broadcast(a.shape, b.shape))

    def unary(self, op: str, x: Value, **attributes: Any) -> Value:
        """Return an elementwise op of one value."""
        return self.op(op, [x], x.shape, **attributes)

    def matmul(self, a: Value, b: Value) -> Value:
        """Return a matrix product of values of rank 2 or more."""
        batch = broadcast(a.shape[:-2], b.shape[:-2])
        return self.op("MatMul", [a, b], [*batch, a.shape[-2], b.shape[-1]])

    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Return values side by side, the axis counted from either end."""
        rank = len(parts[0].shape)
        shape = list(parts[0].shape)
        shape[axis] = sum(int(part.shape[axis]) for part in parts)
        given = axis - rank if self.chance(0.4) else axis
        return self.op("Concat", parts, shape, axis=given)

    def reduce(self, op: str, x: Value, axis: int, *, keepdims: bool = True) -> Value:
        """Return a reduction over one axis."""
        rest = [1] if keepdims else []
        shape = [*x.shape[:axis], *rest, *x.shape[axis + 1 :]]
        given = axis - len(x.shape) if self.chance(0.4) else axis
        since = 13 if op == "ReduceSum" else 18
        return self.listed(op, x, [given], shape, since=since, keepdims=int(keepdims))


def broadcast(left: Sequence[Extent], right: Sequence[Extent]) -> tuple[Extent, ...]:
    """Return the shape of an elementwise op's result."""
    rank = max(len(left), len(right))
    a, b = (1,) * (rank - len(left)) + tuple(left), (1,) * (rank - len(right)) + tuple(right)
    for x, y in zip(a, b, strict=True):
        assert x == y or 1 in (x, y), (left, right)
    return tuple(y if x == 1 else x for x, y in zip(a, b, strict=True))
