"""How many candidates each request has, by the request of each candidate, in time linear in both.

    [0, 0, 2, 2, 2]  ->  [2, 0, 3]

A candidate's request must not decrease, so that those of one request are one behind the other:
from where the number changes to where it changes next. Opset 16 counts in one operator.
"""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.ops import spelling
from mari_engine.rewriting.boundary.list_arithmetic import ListArithmetic, named

ABSENT = "candidate_request does not name a request for each candidate"
_FALLING = "candidate_request must not decrease"
_FAR = 1 << 40
"""More than there are requests."""
_ADDS = 16
"""The opset from which on numbers at the same place are added."""


def count_rows(lists: ListArithmetic, index: ir.Value, requests: ir.Value) -> ir.Value:
    """Write nodes from the request of each candidate, `[N]`, to how many each has, `[R]`.

    `requests` is R, `[1]`. The nodes fail, named by what is wrong, unless the index holds numbers
    from 0 on and below R, none of them less than the one before.
    """
    negative = lists.twice_below(lists.part(index, 0, 1))
    before = lists.joined(lists.builder.integers([-_FAR]), lists.part(index, 0, -1))
    steps = lists.subtract(index, before)
    wrong = lists.refuse(negative, ABSENT), lists.refuse(lists.twice_below(steps), _FALLING)
    index = lists.add(index, lists.add(*wrong))
    places, numbers = _ones(lists, index) if _adds(lists) else _runs(lists, index, steps)
    none = lists.builder.emit(spelling.zeros(), [requests])
    put = spelling.put(added=_adds(lists))
    return named(lists.builder.emit(put, [none, places, numbers]), ABSENT)


def _adds(lists: ListArithmetic) -> bool:
    return lists.builder.opset >= _ADDS


def _ones(lists: ListArithmetic, index: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the request of each candidate, and 1 for each."""
    ones = lists.builder.emit(spelling.expand(), [lists.number(1), lists.extent(index, 0)])
    return index, ones


def _runs(lists: ListArithmetic, index: ir.Value, steps: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the requests that have candidates, and how many each has."""
    after = lists.joined(lists.part(index, 1, _FAR), lists.builder.integers([_FAR]))
    first, last = (
        lists.flat(lists.builder.emit(spelling.places_that_hold(), [each]))
        for each in (steps, lists.subtract(after, index))
    )
    more = lists.subtract(last, first)
    return lists.take(index, last), lists.add(more, lists.number(1))
