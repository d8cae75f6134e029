"""How many places a tile of candidates has: the number at which a batch costs least, by the run.

A tile is worth so many places more, `_TILE`: what its request gives to its candidates is copied for
it, and runtimes multiply small matrices slowly. Of requests that are alike the cheapest is one tile
each; where one is longer than the others, it is divided.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.ops import spelling
from mari_engine.rewriting.emission import Constant, GraphBuilder, Tensor

_TILE = 32
"""The places that cost as much as one more tile."""
_PIECES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Into how many tiles the longest request may be divided."""
_INTEGER = ir.DataType.INT64


def choose_extent(builder: GraphBuilder, lengths: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Write the nodes that choose; return the places of a tile, `[1]`, and tiles by request, `[B]`.

    A tile has a place even where lengths are 0, or below: nothing is divided by 0, which would end
    the process.
    """
    emit, opset = builder.emit, builder.opset
    one = builder.integers([1])
    some = emit(spelling.concat(0), [lengths, one])
    longest = emit(spelling.reduce_max([0], opset, keepdims=True), [some])
    pieces = Constant(lambda: np.array(_PIECES, np.int64), _INTEGER)
    extents = _divide_up(builder, longest, pieces)
    column = emit(spelling.reshape((-1, 1)), [lengths])
    tiles = _divide_up(builder, column, extents)
    totals = emit(spelling.reduce_sum([0], opset, keepdims=False), [tiles])
    weighed = emit(spelling.add(), [extents, builder.scalar(_TILE, _INTEGER)])
    cost = emit(spelling.multiply(), [totals, weighed])
    held = emit(spelling.cast(int(ir.DataType.FLOAT)), [cost])
    best = emit(spelling.place_of_least(), [held])
    extent = emit(spelling.gather(0), [extents, best])
    own = emit(spelling.gather(1), [tiles, best])
    return extent, emit(spelling.reshape((-1,)), [own])


def _divide_up(builder: GraphBuilder, number: ir.Value, divisor: Tensor) -> ir.Value:
    """Return `number / divisor`, rounded up."""
    less = builder.emit(spelling.subtract(), [divisor, builder.scalar(1, _INTEGER)])
    more = builder.emit(spelling.add(), [number, less])
    return builder.emit(spelling.divide(), [more, divisor])
