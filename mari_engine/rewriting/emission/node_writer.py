"""The nodes and initializers of the new graph, each under a name used once.

A name of the original's stands for what the same value or constant became, or for nothing: so the
check may compare the two by name. Equal constants become one initializer, and the original's
initializers are shared, not copied. Every node says in its metadata which original nodes it was
written for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.graph import SOURCE, STANDS_FOR, all_inputs, stands_for, value_names
from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.emission.tensors import Array, Tensor

Body = Callable[[], tuple[ir.Value, ...]]

_POOLED_BYTES = 1024
"""Size up to which constants of equal content become one initializer."""


class NodeWriter:
    """Collects the nodes and initializers of the new graph."""

    def __init__(self, *, opset: int, reserved: Collection[str] = ()) -> None:
        """`reserved` are the names of the original's values, which new ones must not take."""
        self.opset = opset
        self.nodes: list[ir.Node] = []
        self.initializers: dict[str, ir.Value] = {}
        self.names = UsedNames()
        """Of values."""
        self._node_names = UsedNames()
        self._partial = False
        self.may_be_empty: set[ir.Value] = set()
        """Values made of first rows: for a request without candidates there is none."""
        self._reserved = frozenset(reserved)
        self._dtypes: dict[ir.Value, ir.DataType | None] = {}
        self._origin: tuple[ir.Node, ...] = ()
        self._emitted: dict[object, ir.Value] = {}
        self._pooled: dict[object, ir.Value] = {}

    def avoid(self, graph: ir.Graph) -> None:
        """Give no node or value the name that one has in a graph that is written on."""
        for node in graph.all_nodes():
            self._node_names.add(node.name or "")
        for name in value_names(graph):
            self.names.add(name)

    @contextmanager
    def on_behalf(self, nodes: Sequence[ir.Node]) -> Iterator[None]:
        """Credit the nodes emitted meanwhile to these original nodes."""
        before, self._origin = self._origin, tuple(nodes)
        try:
            yield
        finally:
            self._origin = before

    def unique_name(self, name: str) -> str:
        """Return the name for a new value, or the name with a number, so that it is used once."""
        return self.names.unused(name, self._reserved)

    def _kept_name(self, name: str) -> str:
        """Return the name for what an original value becomes: its own, if that is not used yet."""
        if self._partial or name in self.names:
            return self.names.unused(name, self._reserved)
        self.names.add(name)
        return name

    @contextmanager
    def partial_results(self) -> Iterator[None]:
        """Give what is copied meanwhile other names than the original's, which is the whole."""
        before, self._partial = self._partial, True
        try:
            yield
        finally:
            self._partial = before

    # --- nodes

    def emit(self, spelled: Spelling, inputs: Sequence[Tensor]) -> ir.Value:
        """Add a node and return its output; its lists of integers follow the inputs."""
        lists = [self.integers(numbers) for numbers in spelled.lists]
        return self._emit(spelled, [*inputs, *lists])

    def emit_once(self, spelled: Spelling, inputs: Sequence[Tensor]) -> ir.Value:
        """Return the output of `emit`, of one node for the same spelling and inputs."""
        full = [*inputs, *(self.integers(numbers) for numbers in spelled.lists)]
        key = (spelled.op, *full, *spelled.attributes.items())
        if key not in self._emitted:
            self._emitted[key] = self._emit(spelled, full)
        return self._emitted[key]

    def _emit(self, spelled: Spelling, inputs: Sequence[Tensor]) -> ir.Value:
        values = [self.value(tensor) for tensor in inputs]
        name = self._node_names.unused(f"{self._prefix()}/{spelled.op}")
        node = ir.node(spelled.op, values, dict(spelled.attributes), name=name)
        node.outputs[0].name = self.unique_name(f"{node.name}:0")
        self._dtypes[node.outputs[0]] = spelled.dtype or self.dtype(values[0])
        return self._add(node).outputs[0]

    def emit_choice(
        self, spelled: Spelling, condition: ir.Value, bodies: Mapping[str, Body]
    ) -> tuple[ir.Value, ...]:
        """Add a node that runs one of its bodies, and return its outputs, as many as each gives.

        `bodies` write nodes of their own, by the attribute that holds them, and return values that
        these make; what they give in one place has one type.
        """
        graphs, results = dict[str, ir.Graph](), tuple[ir.Value, ...]()
        for name, body in bodies.items():
            begun = len(self.nodes)
            results = body()
            own, self.nodes = self.nodes[begun:], self.nodes[:begun]
            graphs[name] = ir.Graph([], results, nodes=own, name=name)
        node = ir.node(
            spelled.op, [condition], graphs, num_outputs=len(results),
            name=self._node_names.unused(f"{self._prefix()}/{spelled.op}"),
        )  # fmt: skip
        for at, (value, result) in enumerate(zip(node.outputs, results, strict=True)):
            value.name = self.unique_name(f"{node.name}:{at}")
            self._dtypes[value] = self.dtype(result)
        return tuple(self._add(node).outputs)

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
            name=self._node_names.unused(node.name or node.op_type),
            doc_string=node.doc_string,
        )
        for old, value in zip(node.outputs, new.outputs, strict=True):
            value.name = self._kept_name(old.name) if old.name else ""
            self._dtypes[value] = old.dtype
        return self._add(new, node)

    def _prefix(self) -> str:
        """Return what names of nodes and constants begin with: the original node's name."""
        return (self._origin[0].name if self._origin else None) or "mari"

    def _add(self, node: ir.Node, *more: ir.Node) -> ir.Node:
        origin = self._origin or more
        if origin:
            node.metadata_props.update(origin[0].metadata_props)
            node.metadata_props.pop(STANDS_FOR, None)
        names = dict.fromkeys(filter(None, map(stands_for, (*origin, *more))))
        node.metadata_props[SOURCE] = "\n".join(names)
        if not self.may_be_empty.isdisjoint(all_inputs(node)):
            self.may_be_empty.update(node.outputs)
        self.nodes.append(node)
        return node

    def dtype(self, value: ir.Value) -> ir.DataType | None:
        """Return the element type of a value of the new graph, None where it is not known."""
        return self._dtypes.get(value, value.dtype)

    def element_type(self, tensor: Tensor) -> ir.DataType:
        """Return the element type of a tensor of which it is known."""
        dtype = self.dtype(tensor) if isinstance(tensor, ir.Value) else tensor.dtype
        assert dtype is not None
        return dtype

    # --- constants

    def value(self, tensor: Tensor) -> ir.Value:
        """Return the tensor as a value of the new graph; constants become initializers."""
        if isinstance(tensor, ir.Value):
            return tensor
        if tensor.original is not None:
            return self._share(tensor.original)
        if tensor not in self._pooled:
            self._pooled[tensor] = self._initialize(tensor.array, tensor.dtype)
        return self._pooled[tensor]

    def integers(self, numbers: Sequence[int]) -> ir.Value:
        """Return a rank-1 int64 constant."""
        return self._initialize(np.asarray(numbers, dtype=np.int64), ir.DataType.INT64)

    def scalar(self, number: float, dtype: ir.DataType, *, rank: int = 0) -> ir.Value:
        """Return a constant of one element; one that the type does not hold is cast in the graph.

        A Gemm of float16 multiplies by the float32 of its attribute: rounded beforehand it would be
        another function.
        """
        rounded = np.full([1] * rank, number, dtype=dtype.numpy())
        if float(rounded.item()) == number:
            return self._initialize(rounded, dtype)
        held = self._initialize(np.full([1] * rank, number, np.float64), ir.DataType.DOUBLE)
        return self.emit_once(spelling.cast(int(dtype)), [held])

    def _share(self, original: ir.Value) -> ir.Value:
        """Return an initializer that holds the very tensor of an original one."""
        name = original.name or ""
        if original not in self._pooled:
            value = ir.Value(
                name=self._kept_name(name), type=original.type, shape=original.shape,
                const_value=original.const_value,
            )  # fmt: skip
            self.initializers[value.name or ""] = value
            self._pooled[original] = value
        return self._pooled[original]

    def _initialize(self, array: Array, dtype: ir.DataType) -> ir.Value:
        """Return an initializer of this content, the same one for equal small contents."""
        small = array.nbytes <= _POOLED_BYTES
        key = (array.tobytes(), array.shape, str(array.dtype)) if small else None
        if key is not None and key in self._pooled:
            return self._pooled[key]
        name = self.unique_name(f"{self._prefix()}/constant")
        tensor = _tensor(array, dtype, name)
        value = ir.Value(
            name=name, type=ir.TensorType(dtype), shape=ir.Shape(array.shape), const_value=tensor
        )
        self.initializers[name] = value
        if key is not None:
            self._pooled[key] = value
        return value


class UsedNames:
    """Names that are given once each; counts on where it stopped, so that many take no longer."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._next: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._used

    def add(self, name: str) -> None:
        """Note that a name is used."""
        self._used.add(name)

    def unused(self, name: str, reserved: Collection[str] = ()) -> str:
        """Return the name, or the name with a number, and note that it is used."""
        candidate, number = name, self._next.get(name, 1)
        while candidate in self._used or candidate in reserved:
            candidate, number = f"{name}_{number}", number + 1
        self._next[name] = number
        self._used.add(candidate)
        return candidate


def _tensor(array: Array, dtype: ir.DataType, name: str) -> ir.TensorProtocol:
    if dtype != ir.DataType.STRING:
        return ir.Tensor(np.asarray(array, order="C"), dtype=dtype, name=name)
    texts = [t if isinstance(t, bytes) else str(t).encode() for t in array.ravel().tolist()]
    held = np.array(texts, dtype=object).reshape(array.shape)
    return ir.StringTensor(held, shape=ir.Shape(array.shape), name=name)
