"""Writes the new graph: nodes, initializers, and the layout changes that values need.

A tensor's layout is a tuple of groups of labels (see `forms.Dims`); `lay` brings a tensor from
one layout to another with as few nodes as it takes, and constants with none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    Dim,
    Dims,
    Permute,
    Size,
    Unsupported,
    cut_groups,
    moved,
    numbered,
    plan_transpose,
    static_shape,
)
from mari_engine.graph import SOURCE, STANDS_FOR, stands_for
from mari_engine.rewriting.emission.tensors import Array, Constant, Tensor


class Emitter:
    """Collects the nodes and initializers of the new graph."""

    def __init__(self, *, opset: int) -> None:
        self.opset = opset
        self.nodes: list[ir.Node] = []
        self.initializers: dict[str, ir.Value] = {}
        self.names: set[str] = set()
        self._origin: tuple[ir.Node, ...] = ()
        self._laid: dict[object, Tensor] = {}
        self._held: list[object] = []
        self._sources: dict[str, tuple[ir.Value, int]] = {}
        self._dims: dict[str, ir.Value] = {}
        self._pooled: dict[object, ir.Value] = {}

    @contextmanager
    def on_behalf(self, nodes: Sequence[ir.Node]) -> Iterator[None]:
        """Credit the nodes emitted meanwhile to these original nodes."""
        before, self._origin = self._origin, tuple(nodes)
        try:
            yield
        finally:
            self._origin = before

    def unique(self, name: str) -> str:
        """Return the name, or the name with a number, so that it is used once."""
        candidate, number = name, 1
        while candidate in self.names:
            candidate, number = f"{name}_{number}", number + 1
        self.names.add(candidate)
        return candidate

    def emit(
        self,
        op: str,
        inputs: Sequence[Tensor | None],
        attributes: Mapping[str, Any] | None = None,
    ) -> ir.Value:
        """Add a node of the default domain with one output and return that output."""
        base = self._origin[0].name if self._origin and self._origin[0].name else "mari"
        values = [None if tensor is None else self.value(tensor) for tensor in inputs]
        node = ir.node(op, values, dict(attributes or {}), name=self.unique(f"{base}/{op}"))
        node.outputs[0].name = self.unique(f"{node.name}:0")
        return self._add(node).outputs[0]

    def cached(self, op: str, inputs: Sequence[Tensor], attributes: Mapping[str, Any]) -> Tensor:
        """Return the output of `emit`, made once for the same inputs and attributes."""
        key = (op, *inputs, *attributes.items())
        if key not in self._laid:
            self._laid[key] = self.emit(op, inputs, attributes)
        return self._laid[key]

    def copy(self, node: ir.Node, inputs: Sequence[Tensor | None], **changed: Any) -> ir.Node:
        """Add a copy of an original node that reads other inputs, its attributes as changed."""
        attributes = {name: attr for name, attr in node.attributes.items() if name not in changed}
        new = ir.Node(
            node.domain,
            node.op_type,
            [None if tensor is None else self.value(tensor) for tensor in inputs],
            [*attributes.values(), *ir.convenience.convert_attributes(changed)],
            overload=node.overload,
            num_outputs=len(node.outputs),
            name=self.unique(node.name or node.op_type),
            doc_string=node.doc_string,
        )
        for old, value in zip(node.outputs, new.outputs, strict=True):
            value.name = self.unique(old.name) if old.name else ""
        return self._add(new, node)

    def _add(self, node: ir.Node, *more: ir.Node) -> ir.Node:
        origin = self._origin or more
        if origin:
            node.metadata_props.update(origin[0].metadata_props)
            node.metadata_props.pop(STANDS_FOR, None)
        names = dict.fromkeys(filter(None, map(stands_for, (*origin, *more))))
        node.metadata_props[SOURCE] = "\n".join(names)
        self.nodes.append(node)
        return node

    def value(self, tensor: Tensor) -> ir.Value:
        """Return the tensor as a value of the new graph; constants become initializers."""
        if isinstance(tensor, ir.Value):
            return tensor
        if tensor.original is not None:
            return self._shared(tensor.original)
        if tensor not in self._pooled:
            self._pooled[tensor] = self._pool(tensor.array, tensor.dtype)
            self._held.append(tensor)
        return self._pooled[tensor]

    def _shared(self, original: ir.Value) -> ir.Value:
        name = original.name or ""
        if original not in self._pooled:
            value = ir.Value(
                name=self.unique(name), type=original.type, shape=original.shape,
                const_value=original.const_value,
            )  # fmt: skip
            self.initializers[value.name or ""] = value
            self._pooled[original] = value
        return self._pooled[original]

    def _pool(self, array: Array, dtype: ir.DataType) -> ir.Value:
        small = array.nbytes <= 1024
        key = (array.tobytes(), array.shape, str(array.dtype)) if small else None
        if key is not None and key in self._pooled:
            return self._pooled[key]
        base = self._origin[0].name if self._origin and self._origin[0].name else "mari"
        name = self.unique(f"{base}/constant")
        tensor = _tensor(array, dtype, name)
        value = ir.Value(
            name=name, type=ir.TensorType(dtype), shape=ir.Shape(array.shape), const_value=tensor
        )
        self.initializers[name] = value
        if key is not None:
            self._pooled[key] = value
        return value

    def integers(self, numbers: Sequence[int]) -> ir.Value:
        """Return a rank-1 int64 constant."""
        return self._pool(np.asarray(numbers, dtype=np.int64), ir.DataType.INT64)

    def listed(
        self, name: str, since: int, numbers: Sequence[int]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return a list as an input where the opset takes it so (from `since`), or as attribute."""
        if self.opset >= since:
            return [self.integers(numbers)], {}
        return [], {name: list(numbers)}

    # --- extents that only the run knows

    def register(self, symbol: str, value: ir.Value, axis: int) -> None:
        """Remember that an extent can be read off this value's shape."""
        self._sources.setdefault(symbol, (value, axis))

    def tells(self, symbol: str) -> bool:
        """Return True when the extent can be read off a tensor of the new graph."""
        return symbol in self._sources

    def extent(self, dims: Sequence[Dim]) -> ir.Value:
        """Return the product of extents as an int64 tensor of shape [1]."""
        number = math.prod(dim for dim in dims if isinstance(dim, int))
        symbols = [dim for dim in dims if isinstance(dim, str)]
        out = self.integers([number]) if number != 1 or not symbols else None
        for symbol in symbols:
            out = self._read(symbol) if out is None else self.emit("Mul", [out, self._read(symbol)])
        assert out is not None
        return out

    def _read(self, symbol: str) -> ir.Value:
        if symbol not in self._dims:
            if symbol not in self._sources:
                raise Unsupported(f"no tensor tells the extent {symbol}")
            value, axis = self._sources[symbol]
            with self.on_behalf(()):
                if self.opset >= 15:
                    shape = self.emit("Shape", [value], {"start": axis, "end": axis + 1})
                else:
                    whole = self.emit("Shape", [value])
                    shape = self.emit("Gather", [whole, self.integers([axis])])
            self._dims[symbol] = shape
        return self._dims[symbol]

    def extents(self, dims: Sequence[Sequence[Dim]]) -> ir.Value:
        """Return a rank-1 int64 tensor of extents, one for each product of dims."""
        if all(isinstance(dim, int) for group in dims for dim in group):
            return self.integers([math.prod(int(dim) for dim in group) for group in dims])
        parts = [self.extent(group) for group in dims]
        key = ("extents", tuple(id(part) for part in parts))
        if key not in self._pooled:
            self._pooled[key] = (
                self.emit("Concat", parts, {"axis": 0}) if len(parts) > 1 else parts[0]
            )
        return self._pooled[key]

    def shape_tensor(self, content: Array, dtype: ir.DataType) -> ir.Value:
        """Return elements of which some are extents, in the content's shape."""
        sizes = [Size.of(element) for element in content.ravel().tolist()]
        out = self.extents([(size.number, *size.symbols) for size in sizes])
        if content.ndim != 1:
            out = self.emit("Reshape", [out, self.integers(list(content.shape))])
        if dtype != ir.DataType.INT64:
            out = self.emit("Cast", [out], {"to": int(dtype)})
        return out

    def like(self, number: float, dtype: ir.DataType) -> ir.Value:
        """Return a scalar constant of this type."""
        return self._pool(np.asarray(number, dtype=dtype.numpy()), dtype)

    # --- layouts

    def lay(self, tensor: Tensor, have: Dims, want: Dims, extents: Mapping[int, Dim]) -> Tensor:
        """Return the tensor in another layout; labels of `want` that it lacks are broadcast."""
        if have == want:
            return tensor
        held = {label for group in have for label in group}
        absent = {extents[label] for group in want for label in group if label not in held}
        if isinstance(tensor, Constant):
            if all(isinstance(dim, int) for dim in absent):
                return self._lay_constant(tensor, have, want, extents)
            tensor = self.value(tensor)  # repeated as often as only the run knows
        key = (tensor, *numbered(have, want, extents))
        if key not in self._laid:
            self._laid[key] = self._lay_value(tensor, have, want, extents)
        return self._laid[key]

    def _lay_constant(
        self, tensor: Constant, have: Dims, want: Dims, extents: Mapping[int, Dim]
    ) -> Constant:
        order = [label for group in have for label in group]
        wanted = [label for group in want for label in group]
        single = static_shape([(label,) for label in order], extents)
        kept = [label for label in wanted if label in order]
        shaped = [label if label in order else None for label in wanted]

        def change(array: Array) -> Array:
            out = array.reshape(single).transpose([order.index(label) for label in kept])
            out = out.reshape(
                [1 if label is None else single[order.index(label)] for label in shaped]
            )
            full = static_shape([(label,) for label in wanted], extents)
            return np.broadcast_to(out, full).reshape(static_shape(want, extents))

        return tensor.mapped(change)

    def _lay_value(
        self, tensor: ir.Value, have: Dims, want: Dims, extents: Mapping[int, Dim]
    ) -> ir.Value:
        held = {label for group in have for label in group}
        core = tuple(tuple(label for label in group if label in held) for group in want)
        pieces = cut_groups(have, core)
        if pieces != have:
            tensor = self.reshape(tensor, pieces, extents)
        order = moved(pieces, core)
        if order != list(range(len(order))):
            if () in pieces:  # runtimes transpose fast only without extents of 1
                pieces = tuple(group for group in pieces if group)
                tensor = self.reshape(tensor, pieces, extents)
                order = moved(pieces, core)
            tensor, pieces = self.transpose(tensor, pieces, order, extents)
        missing = [lab for group in want for lab in group if lab not in held and extents[lab] != 1]
        if not missing:
            return tensor if pieces == core else self.reshape(tensor, core, extents)
        open_ = tuple(
            piece
            for group in want
            for piece in ([(label,) for label in group] if set(group) & set(missing) else [group])
        )
        shown = tuple(tuple(label for label in group if label in held) for group in open_)
        if pieces != shown:
            tensor = self.reshape(tensor, shown, extents)
        absent = [[extents[label] for label in group if label not in held] for group in open_]
        tensor = self.emit("Expand", [tensor, self.extents(absent)])
        return tensor if open_ == want else self.reshape(tensor, want, extents)

    def transpose(
        self, tensor: ir.Value, groups: Dims, order: Sequence[int], extents: Mapping[int, Dim]
    ) -> tuple[ir.Value, Dims]:
        """Return the tensor with its dimensions in another order, and its groups of labels then."""
        steps, groups = plan_transpose(groups, order, extents)
        for step in steps:
            if isinstance(step, Permute):
                tensor = self.emit("Transpose", [tensor], {"perm": list(step.order)})
            else:
                tensor = self.reshape(tensor, step.groups, extents)
        return tensor, groups

    def reshape(self, tensor: ir.Value, want: Dims, extents: Mapping[int, Dim]) -> ir.Value:
        """Return the tensor's elements, in their order, in other dimensions."""
        groups = [[extents[label] for label in group] for group in want]
        free = [at for at, group in enumerate(groups) if any(isinstance(d, str) for d in group)]
        if len(free) <= 1:
            numbers = [
                -1 if at in free else math.prod(int(dim) for dim in group)
                for at, group in enumerate(groups)
            ]
            return self.emit("Reshape", [tensor, self.integers(numbers)])
        return self.emit("Reshape", [tensor, self.extents(groups)])


def _tensor(array: Array, dtype: ir.DataType, name: str) -> ir.TensorProtocol:
    if dtype != ir.DataType.STRING:
        return ir.Tensor(np.asarray(array, order="C"), dtype=dtype, name=name)
    texts = [t if isinstance(t, bytes) else str(t).encode() for t in array.ravel().tolist()]
    held = np.array(texts, dtype=object).reshape(array.shape)
    return ir.StringTensor(held, shape=ir.Shape(array.shape), name=name)
