"""Candidates of several requests, one behind the other, as rows of as many a request, and back.

    [N, K]  ->  [B, n, K]  ->  ...  ->  [B, n, M]  ->  [N, M]

n is the number of candidates of the longest request. Places of shorter ones that nothing fills hold
the batch's first row, whose results nothing reads: every op treats rows alone. The caller tells
which candidates are whose by the number of each request's, `[B]`, or by the number of each
candidate's request, `[N]`, which must not decrease. Numbers that do not fit the candidates end in
an error of the runtime, which names the node by what is wrong.
"""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, Axes, Dim
from mari_engine.ops import Fact, spelling
from mari_engine.rewriting.emission import GraphBuilder

_NOWHERE = 1 << 40
"""More than there are rows: what is so far from its place is in none."""
_INTEGER = ir.DataType.INT64
_MAY_BE_EMPTY = 14
"""The opset from which on shapes hold extents of 0; below it a batch has some candidate."""


class RaggedRows:
    """Writes the nodes that bring candidates into rows of as many a request, and back.

    `facts` are those of the values that only the run could tell.
    """

    def __init__(self, builder: GraphBuilder, counted: tuple[ir.Value, int], requests: str) -> None:
        """`counted` is a candidate-side input `[N, ...]`, and the axis of its candidates.

        `requests` is what the number of requests is called in shapes.
        """
        self._builder, self._counted, self.requests = builder, counted, requests
        self.facts: dict[ir.Value, Fact] = {}
        self._rows: ir.Value | None = None
        self._places: ir.Value | None = None

    def open_lengths(self, lengths: ir.Value) -> None:
        """Begin with the number of candidates of each request, `[B]`."""
        total = self._reduced(lengths, spelling.reduce_sum)
        filled, _ = self._lay_rows(lengths)
        flat = self._builder.emit(spelling.reshape((-1,)), [filled])
        places = self._builder.emit(spelling.places_that_hold(), [flat])
        self._note(places, ((), SEVERAL_REQUESTS))
        whole = self._in_shape(places, total, "request_lengths holds a number below 0")
        otherwise = "request_lengths does not add up to the candidates"
        self._places = self._in_shape(whole, self._count(), otherwise)
        for value in (whole, self._places):
            self._note(value, (SEVERAL_REQUESTS,))

    def open_rows(self, index: ir.Value, requests: tuple[ir.Value, int]) -> None:
        """Begin with each candidate's request, `[N]`; `requests` is an input with an axis of B."""
        builder = self._builder
        value, axis = requests
        builder.extents.register(REQUESTS, value, axis)
        every = self._numbers(self._scalar(builder.extents.product([REQUESTS])), REQUESTS)
        column = builder.emit(spelling.reshape((-1, 1)), [every])
        own = builder.emit(spelling.cast(int(_INTEGER)), [
            builder.emit(spelling.equal(), [column, index])
        ])  # fmt: skip
        lengths = builder.emit(spelling.reduce_sum([1], builder.opset, keepdims=False), [own])
        filled, longest = self._lay_rows(lengths)
        found = builder.emit(spelling.places_that_hold(), [filled])
        self._note(found, ((2,), SEVERAL_REQUESTS))
        both = builder.emit(spelling.concat(0), [builder.integers([2]), self._count()])
        whole = self._in_shape(found, both, "candidate_request names a request that is not there")
        self._note(whole, ((2,), SEVERAL_REQUESTS))
        owner, slot = (
            builder.emit(spelling.gather(0), [whole, builder.scalar(at, _INTEGER)]) for at in (0, 1)
        )
        begun = builder.emit(spelling.multiply(), [owner, longest])
        place = builder.emit(spelling.add(), [begun, slot])
        apart = builder.emit(spelling.subtract(), [index, owner])
        beyond = [apart, builder.scalar(_NOWHERE, _INTEGER)]
        away = builder.emit(spelling.multiply(), beyond)
        self._places = builder.emit(spelling.add(), [place, away])

    def pad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return an input `[N, ...]` as `[B*n, ...]`."""
        assert self._rows is not None
        padded = self._builder.emit(spelling.gather(axis), [value, self._rows])
        self._name(padded, "request_lengths names more candidates than there are")
        return padded

    def unpad(self, value: ir.Value, axis: int) -> ir.Value:
        """Return a result `[B*n, ...]` as `[N, ...]`."""
        assert self._places is not None
        taken = self._builder.emit(spelling.gather(axis), [value, self._places])
        self._name(taken, "candidate_request must not decrease")
        return taken

    def _lay_rows(self, lengths: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Write the row of the batch at each place; return which are filled, and n."""
        builder = self._builder
        self._note(lengths, ((REQUESTS,),))
        longest = self._reduced(lengths, spelling.reduce_max, keepdims=False)
        ends = builder.emit(spelling.running_sum(), [lengths, builder.scalar(0, _INTEGER)])
        starts = builder.emit(spelling.subtract(), [ends, lengths])
        slots = self._numbers(longest, CANDIDATES)
        count, first = (
            builder.emit(spelling.reshape((-1, 1)), [each]) for each in (lengths, starts)
        )
        filled = builder.emit(spelling.less(), [slots, count])
        self._note(filled, ((REQUESTS,), (CANDIDATES,)))
        builder.extents.register(REQUESTS, filled, 0)
        builder.extents.register(CANDIDATES, filled, 1)
        at = builder.emit(spelling.add(), [first, slots])
        nothing = builder.scalar(0, _INTEGER)
        laid = builder.emit(spelling.where(_INTEGER), [filled, at, nothing])
        self._rows = builder.emit(spelling.reshape((-1,)), [laid])
        self._note(self._rows, (SEVERAL_REQUESTS,))
        return filled, longest

    def _count(self) -> ir.Value:
        """Return the number of candidates, `[1]`."""
        value, axis = self._counted
        for node in spelling.extent_along(axis, self._builder.opset):
            value = self._builder.emit(node, [value])
        return value

    def _in_shape(self, places: ir.Value, shape: ir.Value, otherwise: str) -> ir.Value:
        """Write places in a shape that they have unless something is wrong."""
        verbatim = self._builder.opset >= _MAY_BE_EMPTY
        whole = self._builder.emit(spelling.reshape(verbatim=verbatim), [places, shape])
        self._name(whole, otherwise)
        return whole

    def _numbers(self, count: ir.Value, extent: Dim) -> ir.Value:
        """Return 0, 1, ... up to a number that a scalar holds, which is this extent."""
        zero, one = (self._builder.scalar(number, _INTEGER) for number in (0, 1))
        numbers = self._builder.emit(spelling.count_up(), [zero, count, one])
        self._note(numbers, ((extent,),))
        return numbers

    def _scalar(self, value: ir.Value) -> ir.Value:
        return self._builder.emit(spelling.reshape(()), [value])

    def _reduced(self, value: ir.Value, reduction: object, *, keepdims: bool = True) -> ir.Value:
        assert callable(reduction)
        spelled = reduction([0], self._builder.opset, keepdims=keepdims)
        return self._builder.emit(spelled, [value])

    def _note(self, value: ir.Value, axes: Axes) -> None:
        self.facts[value] = Fact(axes, self._builder.dtype(value))

    @staticmethod
    def _name(value: ir.Value, otherwise: str) -> None:
        """Name the node that makes a value by what is wrong where it fails."""
        node = value.producer()
        assert node is not None
        node.name = f"{otherwise} ({node.name})"
