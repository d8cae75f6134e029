"""Writes the standard nodes that a fused node decomposes into, under its name and provenance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.graph import STANDS_FOR, constant_array, stands_for
from mari_engine.ops.call import Fact

Results = list[ir.Value | None] | None
"""A value for each output, None for one that cannot be made; None where nothing can."""


class DecompositionWriter:
    """Collects the standard nodes that replace a fused node, which stays in the graph meanwhile."""

    def __init__(
        self, node: ir.Node, model: ir.Model, operands: Sequence[Fact | None] = ()
    ) -> None:
        self.node = node
        self._operands = operands
        self.model = model
        self.nodes: list[ir.Node] = []
        self._constants: list[ir.Value] = []

    def emit(self, op: str, *inputs: ir.Value | None, **attributes: Any) -> ir.Value:
        """Return the first result of a new node; attributes that are None are left out."""
        given = {name: value for name, value in attributes.items() if value is not None}
        name = f"{self.node.name}/parts/{op}_{len(self.nodes)}" if self.nodes else self.node.name
        node = ir.node(op, list(inputs), given, name=name)
        node.metadata_props.update(self.node.metadata_props)
        node.metadata_props[STANDS_FOR] = stands_for(self.node)
        node.outputs[0].name = f"{self.node.name}/parts/{op}_{len(self.nodes)}:0"
        self.nodes.append(node)
        return node.outputs[0]

    def take(self, nodes: list[ir.Node]) -> None:
        """Collect nodes that are made already; those without a name get one of the fused node's."""
        for node in nodes:
            node.name = node.name or f"{self.node.name}/{node.op_type}_{len(self.nodes)}"
            node.metadata_props.update(self.node.metadata_props)
            node.metadata_props[STANDS_FOR] = stands_for(self.node)
            node.outputs[0].name = f"{node.name}:0"
            self.nodes.append(node)

    def given(self, index: int) -> ir.Value | None:
        """Return an operand of the fused node, or None."""
        inputs = self.node.inputs
        return inputs[index] if index < len(inputs) else None

    def whole_number(self, index: int) -> int | None:
        """Return the whole number that all places of an operand hold, None where it is not known.

        Of extents that only the run knows, elements may be known.
        """
        fact = self._operands[index] if index < len(self._operands) else None
        held = fact.uniform if fact is not None else None
        array = constant_array(self.given(index))
        if held is None and array is not None and array.size and (array == array.flat[0]).all():
            held = array.flat[0].item()
        return held if isinstance(held, int) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute of the fused node, or the default."""
        held = self.node.attributes.get(name)
        return default if held is None else held.value

    def number(self, number: float, like: ir.Value | None) -> ir.Value:
        """Return a scalar of another value's type; what that does not hold is cast in the graph.

        Rounded beforehand, it would be another function of real numbers.
        """
        dtype = (like.dtype if like is not None else None) or ir.DataType.FLOAT
        rounded = np.asarray(number, dtype=dtype.numpy())
        if float(rounded) == number:
            return self.constant(rounded, dtype)
        exact = self.constant(np.asarray(number, dtype=np.float64), ir.DataType.DOUBLE)
        return self.emit("Cast", exact, to=int(dtype))

    def integers(self, *numbers: int) -> ir.Value:
        """Return int64 numbers as a constant of rank 1."""
        return self.constant(np.array(numbers, dtype=np.int64), ir.DataType.INT64)

    def integer(self, number: int) -> ir.Value:
        """Return an int64 number as a constant of rank 0."""
        return self.constant(np.asarray(number, dtype=np.int64), ir.DataType.INT64)

    def constant(self, array: npt.NDArray[Any], dtype: ir.DataType) -> ir.Value:
        """Return a constant tensor of this type."""
        name = f"{self.node.name}/parts/constant_{len(self._constants)}"
        held: ir.TensorProtocol
        if dtype == ir.DataType.STRING:
            held = ir.StringTensor(array, shape=ir.Shape(array.shape), name=name)
        else:
            held = ir.Tensor(np.asarray(array, dtype=dtype.numpy()), dtype=dtype, name=name)
        value = ir.Value(
            name=name, type=ir.TensorType(dtype), shape=ir.Shape(array.shape), const_value=held
        )
        self._constants.append(value)
        self.model.graph.register_initializer(value)
        return value

    def forget(self) -> None:
        """Take back the constants, of a decomposition that does not come about."""
        for value in self._constants:
            del self.model.graph.initializers[value.name or ""]


Decompose = Callable[[DecompositionWriter], Results]
"""Writes what a fused op is in terms of standard ops."""
