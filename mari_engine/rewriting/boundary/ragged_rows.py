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

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, Axes, Size
from mari_engine.ops import Fact, spelling
from mari_engine.rewriting.boundary.list_arithmetic import ListArithmetic, named
from mari_engine.rewriting.boundary.request_lengths import ABSENT, count_rows
from mari_engine.rewriting.boundary.tile_index import index_tiles
from mari_engine.rewriting.emission import GraphBuilder

_NEGATIVE = "request_lengths holds a number below 0"
_OF_OTHERS = "request_lengths does not hold a number for each request"
_UNEVEN = "request_lengths does not add up to the candidates"
_Laid = tuple[ir.Value, ...]
"""n `[1]`, the request of each tile `[T]`, the places of candidates `[N]`, and inputs in tiles."""


class RaggedRows:
    """Writes the nodes that bring candidates into tiles of as many places, and back.

    `facts` are those of the values that only the run could tell.
    """

    def __init__(
        self,
        builder: GraphBuilder,
        candidates: Mapping[ir.Value, int],
        request: tuple[ir.Value, int],
        requests: str,
    ) -> None:
        """`candidates` are inputs `[N, ...]`, each with the axis of its candidates.

        `request` is an input of requests, and their axis; `requests` is what their number is
        called in shapes.
        """
        self._builder, self._candidates, self.requests = builder, candidates, requests
        self._lists = ListArithmetic(builder)
        self.facts: dict[ir.Value, Fact] = {}
        self.padded: dict[ir.Value, ir.Value] = {}
        """Of each candidate-side input `[N, ...]`, its rows in tiles, `[T*n, ...]`."""
        self.count = self._lists.extent(*request)
        """The number of requests, `[1]`."""
        self.owners: ir.Value | None = None
        """The request of each tile, `[T]`."""
        self.index_nodes: frozenset[ir.Node] = frozenset()
        """Those that make the index into tiles, of requests and tiles together."""
        self._total = self._lists.extent(*next(iter(candidates.items())))
        self._room = self._lists.multiply(self._total, self.count)
        self.places: ir.Value | None = None
        """The place of each candidate among those of all tiles, `[N]`."""

    def open_lengths(self, lengths: ir.Value) -> None:
        """Begin with the number of candidates of each request, `[B]`.

        They are alike where B times each is N.
        """
        lists = self._lists
        lengths = named(lists.in_shape(lengths, self.count), _OF_OTHERS)
        like = lists.count_equal(lists.multiply(lengths, self.count), self._total)
        self._lay(
            lists.subtract(self.count, like),
            lambda: lists.count_up(self._total),
            lambda: self._held_to_candidates(lengths),
        )

    def open_rows(self, index: ir.Value) -> None:
        """Begin with each candidate's request, `[N]`.

        They are alike where B divides N, and candidate i is of request `i * B / N`. Both numbers
        may be 0, so that the divisor is `B * N`, or 1.
        """
        lists = self._lists
        index = named(lists.in_shape(index, self._total), ABSENT)
        every = lists.count_up(self._total)
        divisor = lists.at_least_one(self._room)
        squares = [lists.multiply(each, each) for each in (self.count, self._total)]
        owners = lists.divide(lists.multiply(every, squares[0]), divisor)
        others = lists.subtract(self._total, lists.count_equal(index, owners))
        rest = lists.remainder(squares[1], divisor)
        self._lay(
            lists.add(others, rest),
            lambda: self._builder.emit(spelling.identity(), [every]),
            lambda: count_rows(lists, index, self.count),
        )

    def unpad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return a result `[T*n, ...]` as `[N, ...]`."""
        assert self.places is not None
        return self._lists.take(value, self.places, axis)

    def _held_to_candidates(self, lengths: ir.Value) -> ir.Value:
        """Return lengths of which none is below 0, and which add up to the candidates."""
        lists = self._lists
        lengths = lists.add(lengths, lists.refuse(lists.twice_below(lengths), _NEGATIVE))
        total = lists.reduced(lengths, spelling.reduce_sum)
        apart = lists.multiply(lists.subtract(total, self._total), lists.number(2))
        return lists.add(lengths, lists.refuse(apart, _UNEVEN))

    def _lay(
        self,
        unlike: ir.Value,
        every: Callable[[], ir.Value],
        lengths: Callable[[], ir.Value],
    ) -> None:
        """Lay the candidates in tiles, a tile for each request where `unlike [1]` is 0.

        `every` writes 0, 1, ... below N, and `lengths` the number of candidates of each request,
        held to the candidates before anything is laid: operators that get no rows may end the
        process. Without requests or candidates none are alike.
        """
        some = self._builder.emit(spelling.sign(), [self._room])
        alike = self._builder.emit(spelling.less(), [unlike, some])
        bodies = {
            "then_branch": lambda: self._as_they_are(every()),
            "else_branch": lambda: self._in_tiles(lengths()),
        }
        extent, owners, places, *laid = self._builder.emit_choice(spelling.choice(), alike, bodies)
        self.owners, self.places = owners, places
        self.padded = dict(zip(self._candidates, laid, strict=True))
        self._builder.extents.give(CANDIDATES, extent)
        self._builder.extents.give(REQUESTS, self.count)
        self._note(owners, ((REQUESTS,),))
        self._note(places, (SEVERAL_REQUESTS,))
        content = np.array([Size(1, (CANDIDATES,))], object)
        self.facts[extent] = Fact(((1,),), self._builder.dtype(extent), content)
        self.index_nodes = frozenset(self._builder.nodes)

    def _as_they_are(self, every: ir.Value) -> _Laid:
        """Return what is laid of requests that are alike, a tile for each."""
        extent = self._lists.divide(self._total, self.count)
        owners = self._lists.count_up(self.count)
        laid = [self._builder.emit(spelling.identity(), [value]) for value in self._candidates]
        return extent, owners, every, *laid

    def _in_tiles(self, lengths: ir.Value) -> _Laid:
        """Return what is laid of any requests.

        A tile has a place even where all lengths are 0: so would a division by 0.
        """
        lists = self._lists
        longest = lists.at_least_one(lengths)
        index = index_tiles(lists, lengths, longest)
        laid = [lists.take(value, index.rows, at) for value, at in self._candidates.items()]
        return index.extent, index.owners, index.places, *laid

    def _note(self, value: ir.Value, axes: Axes) -> None:
        self.facts[value] = Fact(axes, self._builder.dtype(value))
