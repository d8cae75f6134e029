"""Extents that only the run knows, read once off the shape of a tensor that has them.

An extent is a product of numbers and symbols ("N" is the number of candidates). Each symbol is
read off one registered tensor, never off one that is compact along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.axes import Dim, Size, Unsupported
from mari_engine.ops import spelling
from mari_engine.rewriting.emission.node_writer import NodeWriter
from mari_engine.rewriting.emission.tensors import Array


class RuntimeExtents:
    """Writes the nodes that read extents, and remembers their results."""

    def __init__(self, writer: NodeWriter) -> None:
        self._writer = writer
        self._sources: dict[str, tuple[ir.Value, int]] = {}
        self._symbols: dict[str, ir.Value] = {}
        self._shapes: dict[tuple[ir.Value, ...], ir.Value] = {}

    def register(self, symbol: str, value: ir.Value, axis: int) -> None:
        """Have a symbol read off this axis of a value, unless it is registered already."""
        self._sources.setdefault(symbol, (value, axis))

    def give(self, symbol: str, extent: ir.Value) -> None:
        """Have a symbol be the number in a value `[1]`."""
        self._symbols.setdefault(symbol, extent)

    def is_readable(self, symbol: str) -> bool:
        """Return True when a tensor of the new graph has the extent."""
        return symbol in self._sources or symbol in self._symbols

    def product(self, dims: Sequence[Dim]) -> ir.Value:
        """Return the product of extents as an int64 tensor of shape `[1]`."""
        number = math.prod(dim for dim in dims if isinstance(dim, int))
        symbols = [dim for dim in dims if isinstance(dim, str)]
        out = self._writer.integers([number]) if number != 1 or not symbols else None
        for symbol in symbols:
            read = self._read(symbol)
            out = read if out is None else self._writer.emit(spelling.multiply(), [out, read])
        assert out is not None
        return out

    def shape(self, dims: Sequence[Sequence[Dim]]) -> ir.Value:
        """Return a rank-1 int64 tensor of extents, one for each product of dims."""
        if all(isinstance(dim, int) for group in dims for dim in group):
            return self._writer.integers([math.prod(int(dim) for dim in group) for group in dims])
        parts = tuple(self.product(group) for group in dims)
        if parts not in self._shapes:
            self._shapes[parts] = (
                self._writer.emit(spelling.concat(0), parts) if len(parts) > 1 else parts[0]
            )
        return self._shapes[parts]

    def tensor(self, content: Array, dtype: ir.DataType) -> ir.Value:
        """Return elements of which some are extents, in the content's shape and this type."""
        sizes = [Size.of(element) for element in content.ravel().tolist()]
        out = self.shape([(size.number, *size.symbols) for size in sizes])
        if content.ndim != 1:
            out = self._writer.emit(spelling.reshape(content.shape), [out])
        if dtype != ir.DataType.INT64:
            out = self._writer.emit(spelling.cast(int(dtype)), [out])
        return out

    def _read(self, symbol: str) -> ir.Value:
        if symbol not in self._symbols:
            if symbol not in self._sources:
                raise Unsupported(f"no tensor tells the extent {symbol}")
            value, axis = self._sources[symbol]
            with self._writer.on_behalf(()):
                for node in spelling.extent_along(axis, self._writer.opset):
                    value = self._writer.emit(node, [value])
            self._symbols[symbol] = value
        return self._symbols[symbol]
