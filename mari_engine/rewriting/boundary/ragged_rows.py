"""Candidates of several requests, one behind the other, in tiles of as many places, and back.

    [N, K]  ->  [T, n, K]  ->  ...  ->  [T, n, M]  ->  [N, M]

A request has as many of the T tiles as its candidates need, and what a request gives to its
candidates is picked for each of its tiles (`tile_requests`). The run chooses n: one tile a request
where requests are alike, so that T = B; shorter ones where a long request would leave most places
of the others unfilled. These hold the batch's first row, whose results nothing reads: every op
treats rows alone. The caller tells which candidates are whose by the number of each request's,
`[B]`, or by the number of each candidate's request, `[N]`, which must not decrease. Numbers that do
not fit the candidates end in an error of the runtime, which names the node by what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, Axes, Dim
from mari_engine.ops import Fact, Spelling, spelling
from mari_engine.rewriting.boundary.tile_extent import choose_extent
from mari_engine.rewriting.emission import GraphBuilder

_NOWHERE = 1 << 40
"""More than there are rows: what is so far from its place is in none."""
_INTEGER = ir.DataType.INT64
_Reduction = Callable[..., Spelling]
_MAY_BE_EMPTY = 14
"""The opset from which on shapes hold extents of 0; below it a batch has some candidate."""


class RaggedRows:
    """Writes the nodes that bring candidates into tiles of as many places, and back.

    `facts` are those of the values that only the run could tell.
    """

    def __init__(self, builder: GraphBuilder, counted: tuple[ir.Value, int], requests: str) -> None:
        """`counted` is a candidate-side input `[N, ...]`, and the axis of its candidates.

        `requests` is what the number of requests is called in shapes.
        """
        self._builder, self._counted, self.requests = builder, counted, requests
        self.facts: dict[ir.Value, Fact] = {}
        self.padded: list[ir.Value] = []
        """Candidate-side inputs, in tiles."""
        self.lengths: ir.Value | None = None
        """The number of candidates of each request, `[B]`."""
        self.owners: ir.Value | None = None
        """The request of each tile, `[T]`."""
        self.index_nodes: frozenset[ir.Node] = frozenset()
        """Those that make the index into tiles, of requests and tiles together."""
        self._extent: ir.Value | None = None
        self._rows: ir.Value | None = None
        self._places: ir.Value | None = None

    def open_lengths(self, lengths: ir.Value) -> None:
        """Begin with the number of candidates of each request, `[B]`."""
        total = self._reduced(lengths, spelling.reduce_sum)
        found = self._find_places(lengths)
        whole = self._in_shape(found, total, "request_lengths holds a number below 0")
        otherwise = "request_lengths does not add up to the candidates"
        self._places = self._in_shape(whole, self._count(), otherwise)
        for value in (whole, self._places):
            self._note(value, (SEVERAL_REQUESTS,))
        self.index_nodes = frozenset(self._builder.nodes)

    def open_rows(self, index: ir.Value, requests: tuple[ir.Value, int]) -> None:
        """Begin with each candidate's request, `[N]`; `requests` is an input with an axis of B."""
        emit = self._builder.emit
        value, axis = requests
        every = self._numbers(self._scalar(self._extent_of(value, axis)), (REQUESTS,))
        own = emit(spelling.equal(), [self._column(every), index])
        counted = emit(spelling.cast(int(_INTEGER)), [own])
        found = self._find_places(self._reduced(counted, spelling.reduce_sum, axis=1))
        otherwise = "candidate_request names a request that is not there, or leaves candidates out"
        places = self._in_shape(found, self._count(), otherwise)
        assert self._extent is not None and self.owners is not None
        tile = emit(spelling.divide(), [places, self._extent])
        apart = emit(spelling.subtract(), [index, emit(spelling.gather(0), [self.owners, tile])])
        away = emit(spelling.multiply(), [apart, self._integer(_NOWHERE)])
        self._places = emit(spelling.add(), [places, away])
        self.index_nodes = frozenset(self._builder.nodes)

    def pad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return an input `[N, ...]` as `[T*n, ...]`."""
        assert self._rows is not None
        padded = self._builder.emit(spelling.gather(axis), [value, self._rows])
        self._name(padded, "request_lengths names more candidates than there are")
        self.padded.append(padded)
        return padded

    def unpad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return a result `[T*n, ...]` as `[N, ...]`."""
        assert self._places is not None
        taken = self._builder.emit(spelling.gather(axis), [value, self._places])
        self._name(taken, "candidate_request must not decrease")
        return taken

    def _find_places(self, lengths: ir.Value) -> ir.Value:
        """Lay the candidates in tiles; return the places of theirs that are filled, `[1, N]`."""
        emit = self._builder.emit
        self.lengths = lengths
        self._note(lengths, ((REQUESTS,),))
        self._builder.extents.register(REQUESTS, lengths, 0)
        self._extent, tiles = choose_extent(self._builder, lengths)
        ends, tile_ends = self._running_sum(lengths), self._running_sum(tiles)
        begun, tiles_begun = (
            emit(spelling.subtract(), [end, each])
            for end, each in ((ends, lengths), (tile_ends, tiles))
        )
        first = emit(spelling.multiply(), [tiles_begun, self._extent])
        moved = emit(spelling.subtract(), [begun, first])  # from places to rows
        total = self._reduced(tiles, spelling.reduce_sum)
        self.owners = self._find_owners(tile_ends, total)
        filled = self._lay_rows(self.owners, moved, ends, total)
        flat = emit(spelling.reshape((-1,)), [filled])
        places = emit(spelling.places_that_hold(), [flat])
        self._note(places, ((), SEVERAL_REQUESTS))
        return places

    def _find_owners(self, tile_ends: ir.Value, total: ir.Value) -> ir.Value:
        """Return how many requests' tiles end before each tile, or with the one before it."""
        emit = self._builder.emit
        tile = self._numbers(self._scalar(total), (REQUESTS,))
        last = emit(spelling.subtract(), [tile_ends, self._integer(1)])
        passed = emit(spelling.less(), [last, self._column(tile)])
        counted = emit(spelling.cast(int(_INTEGER)), [passed])
        owners = self._reduced(counted, spelling.reduce_sum, axis=1)
        self._note(owners, ((REQUESTS,),))
        return owners

    def _lay_rows(
        self, owners: ir.Value, moved: ir.Value, ends: ir.Value, total: ir.Value
    ) -> ir.Value:
        """Write the row of the batch at each place; return which are filled, `[T, n]`."""
        emit = self._builder.emit
        assert self._extent is not None
        number = emit(spelling.multiply(), [total, self._extent])
        place = self._numbers(self._scalar(number), SEVERAL_REQUESTS)
        shape = emit(spelling.concat(0), [total, self._extent])
        verbatim = self._builder.opset >= _MAY_BE_EMPTY
        laid = emit(spelling.reshape(verbatim=verbatim), [place, shape])
        shift, end = (
            self._column(emit(spelling.gather(0), [each, owners])) for each in (moved, ends)
        )
        at = emit(spelling.add(), [laid, shift])
        filled = emit(spelling.less(), [at, end])
        self._note(filled, ((REQUESTS,), (CANDIDATES,)))
        self._builder.extents.register(CANDIDATES, filled, 1)
        rows = emit(spelling.where(_INTEGER), [filled, at, self._integer(0)])
        self._rows = emit(spelling.reshape((-1,)), [rows])
        self._note(self._rows, (SEVERAL_REQUESTS,))
        return filled

    def _count(self) -> ir.Value:
        """Return the number of candidates, `[1]`."""
        return self._extent_of(*self._counted)

    def _extent_of(self, value: ir.Value, axis: int) -> ir.Value:
        for node in spelling.extent_along(axis, self._builder.opset):
            value = self._builder.emit(node, [value])
        return value

    def _in_shape(self, places: ir.Value, shape: ir.Value, otherwise: str) -> ir.Value:
        """Write places in a shape that they have unless something is wrong."""
        verbatim = self._builder.opset >= _MAY_BE_EMPTY
        whole = self._builder.emit(spelling.reshape(verbatim=verbatim), [places, shape])
        self._name(whole, otherwise)
        return whole

    def _numbers(self, count: ir.Value, axis: tuple[Dim, ...]) -> ir.Value:
        """Return 0, 1, ... up to a number that a scalar holds, which is this extent."""
        numbers = self._builder.emit(
            spelling.count_up(), [self._integer(0), count, self._integer(1)]
        )
        self._note(numbers, (axis,))
        return numbers

    def _integer(self, number: int) -> ir.Value:
        return self._builder.scalar(number, _INTEGER)

    def _scalar(self, value: ir.Value) -> ir.Value:
        return self._builder.emit(spelling.reshape(()), [value])

    def _column(self, value: ir.Value) -> ir.Value:
        return self._builder.emit(spelling.reshape((-1, 1)), [value])

    def _running_sum(self, value: ir.Value) -> ir.Value:
        return self._builder.emit(spelling.running_sum(), [value, self._integer(0)])

    def _reduced(
        self, value: ir.Value, reduction: _Reduction, axis: int = 0
    ) -> ir.Value:
        """Return a list reduced to `[1]`, or a matrix to `[rows]` along its axis 1."""
        spelled = reduction([axis], self._builder.opset, keepdims=not axis)
        return self._builder.emit(spelled, [value])

    def _note(self, value: ir.Value, axes: Axes) -> None:
        self.facts[value] = Fact(axes, self._builder.dtype(value))

    @staticmethod
    def _name(value: ir.Value, otherwise: str) -> None:
        """Name the node that makes a value by what is wrong where it fails."""
        node = value.producer()
        assert node is not None
        node.name = f"{otherwise} ({node.name})"
