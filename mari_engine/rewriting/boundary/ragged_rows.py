"""Candidates of several requests, one behind the other, in tiles of as many places, and back.

    [N, K]  ->  [T, n, K]  ->  ...  ->  [T, n, M]  ->  [N, M]

A request has as many of the T tiles as its candidates need, and what it gives to its candidates is
picked for each of them (`request_gathers`). Requests of as many candidates are a tile each, without
any index. For others the run chooses n (`tile_index`), since beside a long request most places of
short ones would be left unfilled. Such places hold the batch's first row, whose results nothing
reads: every op treats rows alone. The caller tells which candidates are whose by the number of
candidates of each request, `[B]`, or by the request of each candidate, `[N]`, which must not
decrease. Numbers that do not fit the candidates end in an error of the runtime, which names the
node by what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, Axes
from mari_engine.ops import Fact, spelling
from mari_engine.rewriting.boundary.list_arithmetic import ListArithmetic
from mari_engine.rewriting.boundary.tile_index import index_tiles
from mari_engine.rewriting.emission import GraphBuilder

_NOWHERE = 1 << 40
"""More than there are rows: what is so far from its place is in none."""
_NEGATIVE = "request_lengths holds a number below 0"
_OF_OTHERS = "request_lengths does not hold a number for each request"
_UNEVEN = "request_lengths does not add up to the candidates"
_ABSENT = "candidate_request does not name a request for each candidate"
_FALLING = "candidate_request must not decrease"


class RaggedRows:
    """Writes the nodes that bring candidates into tiles of as many places, and back.

    `facts` are those of the values that only the run could tell.
    """

    def __init__(
        self, builder: GraphBuilder, candidates: Mapping[ir.Value, int], requests: str
    ) -> None:
        """`candidates` are inputs `[N, ...]`, each with the axis of its candidates.

        `requests` is what the number of requests is called in shapes.
        """
        self._builder, self._candidates, self.requests = builder, candidates, requests
        self._lists = ListArithmetic(builder)
        self.facts: dict[ir.Value, Fact] = {}
        self.padded: dict[ir.Value, ir.Value] = {}
        """Of each candidate-side input `[N, ...]`, its rows in tiles, `[T*n, ...]`."""
        self.lengths: ir.Value | None = None
        """The number of candidates of each request, `[B]`."""
        self.owners: ir.Value | None = None
        """The request of each tile, `[T]`."""
        self.index_nodes: frozenset[ir.Node] = frozenset()
        """Those that make the index into tiles, of requests and tiles together."""
        self._places: ir.Value | None = None

    def open_lengths(self, lengths: ir.Value, requests: tuple[ir.Value, int]) -> None:
        """Begin with the number of candidates of each request, `[B]`.

        `requests` is an input, and the axis of its requests.
        """
        lists = self._lists
        magnitude = self._builder.emit(spelling.magnitude(), [lengths])
        twice = lists.subtract(lengths, magnitude)  # what is below 0; else 0
        nothing = lists.take(self._builder.integers([0]), twice)
        _name(nothing, _NEGATIVE)
        all_of_them = lists.in_shape(lists.add(lengths, nothing), lists.extent(*requests))
        _name(all_of_them, _OF_OTHERS)
        _, places = self._lay(all_of_them, _UNEVEN)
        self._close(places)

    def open_rows(self, index: ir.Value, requests: tuple[ir.Value, int]) -> None:
        """Begin with each candidate's request, `[N]`; `requests` as for lengths."""
        lists = self._lists
        every = lists.count_up(lists.extent(*requests))
        self._note(every, ((REQUESTS,),))
        own = self._builder.emit(spelling.equal(), [lists.column(every), index])
        lengths = lists.reduced(lists.as_numbers(own), spelling.reduce_sum, axis=1)
        extent, places = self._lay(lengths, _ABSENT)
        assert self.owners is not None
        tile = self._builder.emit(spelling.divide(), [places, extent])
        apart = lists.subtract(index, lists.take(self.owners, tile))
        self._close(lists.add(places, lists.multiply(apart, lists.number(_NOWHERE))))

    def unpad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return a result `[T*n, ...]` as `[N, ...]`."""
        assert self._places is not None
        taken = self._lists.take(value, self._places, axis)
        _name(taken, _FALLING)
        return taken

    def _lay(self, lengths: ir.Value, otherwise: str) -> tuple[ir.Value, ir.Value]:
        """Lay the candidates in tiles; return n, `[1]`, and the places of candidates, `[N]`.

        The lengths are held to the candidates before anything is laid, since operators that get no
        rows may end the process. A tile has a place even where all lengths are 0: so would a
        division by 0.
        """
        lists = self._lists
        one = self._builder.integers([1])
        some = self._builder.emit(spelling.concat(0), [lengths, one])
        longest = lists.reduced(some, spelling.reduce_max)
        total = lists.reduced(lengths, spelling.reduce_sum)
        every = lists.count_up(total)
        numbers = lists.in_shape(every, self._count())
        _name(numbers, otherwise)
        requests = lists.extent(lengths, 0)
        bodies = {
            "then_branch": lambda: self._as_they_are(longest, requests, numbers),
            "else_branch": lambda: self._in_tiles(lengths, longest),
        }
        extent, owners, places, *laid = self._builder.emit_choice(
            spelling.choice(), self._are_alike(longest, requests, numbers), bodies
        )
        self.lengths, self.owners = lengths, owners
        self.padded = dict(zip(self._candidates, laid, strict=True))
        slots = lists.count_up(extent)
        self._builder.extents.register(CANDIDATES, slots, 0)
        self._builder.extents.register(REQUESTS, lengths, 0)
        self._note(slots, ((CANDIDATES,),))
        self._note(extent, ((),))
        for each in (lengths, owners):
            self._note(each, ((REQUESTS,),))
        for each in (every, numbers, places):
            self._note(each, (SEVERAL_REQUESTS,))
        return extent, places

    def _are_alike(self, longest: ir.Value, requests: ir.Value, numbers: ir.Value) -> ir.Value:
        """Return whether all requests have as many candidates."""
        room, count = self._lists.multiply(requests, longest), self._lists.extent(numbers, 0)
        alike = self._builder.emit(spelling.equal(), [room, count])
        return self._builder.emit(spelling.reshape(()), [alike])

    def _as_they_are(
        self, longest: ir.Value, requests: ir.Value, numbers: ir.Value
    ) -> tuple[ir.Value, ...]:
        """Return n, the request of each tile, the places and the inputs, of requests alike."""
        given = (longest, numbers, *self._candidates)
        extent, places, *laid = (self._builder.emit(spelling.identity(), [v]) for v in given)
        return extent, self._lists.count_up(requests), places, *laid

    def _in_tiles(self, lengths: ir.Value, longest: ir.Value) -> tuple[ir.Value, ...]:
        """Return the same of any requests."""
        index = index_tiles(self._lists, lengths, longest)
        laid = [self._lists.take(value, index.rows, at) for value, at in self._candidates.items()]
        return index.extent, index.owners, index.places, *laid

    def _close(self, places: ir.Value) -> None:
        self._note(places, (SEVERAL_REQUESTS,))
        self._places = places
        self.index_nodes = frozenset(self._builder.nodes)

    def _count(self) -> ir.Value:
        """Return the number of candidates, `[1]`."""
        return self._lists.extent(*next(iter(self._candidates.items())))

    def _note(self, value: ir.Value, axes: Axes) -> None:
        self.facts[value] = Fact(axes, self._builder.dtype(value))


def _name(value: ir.Value, otherwise: str) -> None:
    """Name the node that makes a value by what is wrong where it fails."""
    node = value.producer()
    assert node is not None
    node.name = f"{otherwise} ({node.name})"
