"""Which place of which tile each row of a batch takes, by the number of rows of each request.

A tile has n places, the number at which a batch costs least, by the run. A tile is worth some
places more, `_TILE`: what its request gives to its candidates is copied for it, and runtimes
multiply small matrices slowly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from mari_engine.ops import spelling
from mari_engine.rewriting.boundary.list_arithmetic import ListArithmetic
from mari_engine.rewriting.emission import Constant

_TILE = 16
"""The places that cost as much as one more tile."""
_PIECES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Into how many tiles the longest request may be divided."""
_INTEGER = ir.DataType.INT64


class TileIndex(NamedTuple):
    """Of T tiles with n places each."""

    extent: ir.Value
    """n, `[1]`."""
    owners: ir.Value
    """The request of each tile, `[T]`."""
    places: ir.Value
    """Of the places one behind the other, those of rows, in their order: `[N]`."""
    rows: ir.Value
    """The row at each place, `[T*n]`, 0 where there is none."""


def index_tiles(lists: ListArithmetic, lengths: ir.Value, longest: ir.Value) -> TileIndex:
    """Write the nodes of an index; `longest [1]`, the most rows of a request, is 1 or more."""
    extent, tiles = _choose_extent(lists, lengths, longest)
    ends, tile_ends = lists.running_sum(lengths), lists.running_sum(tiles)
    begun, tiles_begun = lists.subtract(ends, lengths), lists.subtract(tile_ends, tiles)
    shift = lists.subtract(begun, lists.multiply(tiles_begun, extent))  # from places to rows
    total = lists.reduced(tiles, spelling.reduce_sum)
    owners = _find_owners(lists, tiles)
    place = lists.count_up(lists.multiply(total, extent))
    shape = lists.builder.emit(spelling.concat(0), [total, extent])
    shift, end = (lists.column(lists.take(each, owners)) for each in (shift, ends))
    at = lists.add(lists.in_shape(place, shape), shift)
    filled = lists.builder.emit(spelling.less(), [at, end])
    row = lists.builder.emit(spelling.where(_INTEGER), [filled, at, lists.number(0)])
    places = lists.builder.emit(spelling.places_that_hold(), [lists.flat(filled)])
    return TileIndex(extent, owners, lists.flat(places), lists.flat(row))


def _choose_extent(
    lists: ListArithmetic, lengths: ir.Value, longest: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """Return the places of a tile, `[1]`, and the tiles of each request, `[B]`."""
    pieces = Constant(lambda: np.array(_PIECES, np.int64), _INTEGER)
    extents = lists.divide_up(longest, pieces)
    tiles = lists.divide_up(lists.column(lengths), extents)
    totals = lists.builder.emit(
        spelling.reduce_sum([0], lists.builder.opset, keepdims=False), [tiles]
    )
    cost = lists.multiply(totals, lists.add(extents, lists.number(_TILE)))
    best = lists.place_of_least(cost)
    return lists.take(extents, best), lists.flat(lists.take(tiles, best, 1))


def _find_owners(lists: ListArithmetic, tiles: ir.Value) -> ir.Value:
    """Return the request of each tile: the row of each place of `[B, most tiles]` that it has."""
    place = lists.count_up(lists.at_least_one(tiles))
    owned = lists.builder.emit(spelling.less(), [place, lists.column(tiles)])
    rows_and_places = lists.builder.emit(spelling.places_that_hold(), [owned])
    return lists.flat(lists.part(rows_and_places, 0, 1))
