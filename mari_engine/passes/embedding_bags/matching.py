"""Loops over bags of equal size: finds them, and says of what rows they are a sum.

Exporters write an EmbeddingBag as a Loop that, for each bag, slices the ids (or the rows that were
looked up) between two offsets and adds up what it finds. Where the offsets count up in equal steps
(see `ops.counting`) and the bags fill the slice's source, the loop is a reduction of the same rows
under another shape. The body is followed with numbers of the form `step * i + start`, i being the
iteration; whatever it does beyond that is no bag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Size, Unsupported, size

_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")


@dataclass(frozen=True)
class Line:
    """A whole number that grows with the iteration: `step * i + start`."""

    step: int
    start: int


@dataclass(frozen=True, eq=False)
class Rows:
    """In iteration i the rows `step * i` up to `step * (i + 1)` of a value outside the loop."""

    source: ir.Value
    step: int
    table: ir.Value | None = None
    """Set when the rows are ids, to be looked up in this table."""


@dataclass(frozen=True, eq=False)
class Bags:
    """A value that is `op` of each bag of rows: one row a bag, in order."""

    loop: ir.Node
    result: ir.Value
    rows: Rows
    op: str


@dataclass(frozen=True, eq=False)
class _Bag:
    rows: Rows
    op: str
    kept: bool
    """The reduced axis stays, with extent 1."""


@dataclass(frozen=True, eq=False)
class _Sequence:
    bag: _Bag | None = None


_Meaning = Line | Rows | _Bag | _Sequence | bool | Size


def find_bags(graph: ir.Graph, survey: Survey) -> list[Bags]:
    """Return all loops of a graph that are reductions of bags of equal size."""
    found = []
    for node in graph:
        if node.op_type == "Loop" and node.domain == "":
            with suppress(Unsupported, LookupError, TypeError, ValueError):  # it does otherwise
                found.append(_Reader(node, survey).read())
    return found


def _no_bag(what: str) -> Unsupported:
    return Unsupported(f"no bag: {what}")


class _Reader:
    """Follows one loop's body."""

    def __init__(self, loop: ir.Node, survey: Survey) -> None:
        self.loop = loop
        self.survey = survey
        self.body = loop.attributes["body"].as_graph()
        self.meanings: dict[ir.Value, _Meaning] = {}

    def read(self) -> Bags:
        states = self.body.inputs[2:]
        self.meanings[self.body.inputs[0]] = Line(1, 0)
        self.meanings[self.body.inputs[1]] = True
        for state, first in zip(states, self.loop.inputs[2:], strict=True):
            self.meanings[state] = self.first(first)
        self.follow(self.body)
        results = self.body.outputs[1:]
        for state, after in zip(states, results, strict=False):
            self.check_state(self.meanings[state], self.meanings[after])
        count = self.iterations()
        if states:
            return self.sequence(count, results)
        (result,) = results
        bag = self.meanings[result]
        if not isinstance(bag, _Bag) or bag.kept:
            raise _no_bag("another result")
        return self.bags(self.loop.outputs[0], bag, count)

    def first(self, value: ir.Value | None) -> _Meaning:
        if value is not None and isinstance(value.type, ir.SequenceType):
            return _Sequence()
        producer = value.producer() if value is not None else None
        if producer is not None and producer.op_type == "SequenceEmpty":
            return _Sequence()
        return Line(1, int(self.number(value)))

    def number(self, value: ir.Value | None) -> int | Size:
        fact = self.survey.values.get(value) if value is not None else None
        if fact is None or fact.content is None or fact.content.size != 1:
            raise _no_bag("a number that only the run knows")
        element = fact.content.ravel()[0]
        return element if isinstance(element, Size) else int(element)

    def check_state(self, before: _Meaning, after: _Meaning) -> None:
        if isinstance(before, _Sequence) and isinstance(after, _Sequence) and after.bag is not None:
            return
        if isinstance(before, Line) and after == Line(before.step, before.start + 1):
            return
        raise _no_bag("a state that does not count")

    def iterations(self) -> Size:
        """Return how often the loop runs: a number, or as long as a number is below another."""
        goes_on = self.meanings[self.body.outputs[0]]
        if goes_on is True and self.loop.inputs[0] is not None:
            return Size.of(self.number(self.loop.inputs[0]))
        if isinstance(goes_on, Size) and self.loop.inputs[0] is None:
            return goes_on
        raise _no_bag("another end")

    def sequence(self, count: Size, results: Sequence[ir.Value]) -> Bags:
        at = next(i for i, v in enumerate(results) if isinstance(self.meanings[v], _Sequence))
        held = self.meanings[results[at]]
        (use,) = self.loop.outputs[at].uses()
        added = use.node.attributes.get_int("new_axis", 0) == 1
        if use.node.op_type != "ConcatFromSequence" or use.node.attributes.get_int("axis", 0) != 0:
            raise _no_bag("a sequence that is not joined row by row")
        if not isinstance(held, _Sequence) or held.bag is None or held.bag.kept == added:
            raise _no_bag("rows of another rank")
        return self.bags(use.node.outputs[0], held.bag, count)

    def bags(self, result: ir.Value, bag: _Bag, count: Size) -> Bags:
        fact = self.survey.fact(bag.rows.source)
        if not size(fact.axes[0]).same(Size.of(count * bag.rows.step)):
            raise _no_bag("rows that are left over")
        if bag.rows.table is not None and len(fact.axes) != 1:
            raise _no_bag("ids of another rank")
        return Bags(self.loop, result, bag.rows, bag.op)

    # --- the body

    def follow(self, graph: ir.Graph) -> None:
        for node in graph:
            read = _READ.get(node.op_type)
            if read is not None and node.domain == "":
                self.meanings[node.outputs[0]] = read(self, node)

    def of(self, value: ir.Value | None) -> _Meaning:
        """Return what a value of the body, or a number outside it, means."""
        if value is not None and value in self.meanings:
            return self.meanings[value]
        number = self.number(value)
        if value is not None and self.survey.fact(value).dtype == ir.DataType.BOOL:
            return bool(number)
        return number if isinstance(number, Size) else Line(0, number)

    def line(self, value: ir.Value | None) -> Line:
        found = self.of(value)
        if not isinstance(found, Line):
            raise _no_bag("no number")
        return found

    def same(self, node: ir.Node) -> _Meaning:
        return self.of(node.inputs[0])

    def added(self, node: ir.Node) -> _Meaning:
        a, b = (self.line(value) for value in node.inputs)
        return Line(a.step + b.step, a.start + b.start)

    def gathered(self, node: ir.Node) -> _Meaning:
        data, index = node.inputs
        if node.attributes.get_int("axis", 0):
            raise _no_bag("another axis")
        wanted = self.meanings.get(index) if index is not None else None
        if isinstance(wanted, Rows) and wanted.table is None and data is not None:
            return Rows(wanted.source, wanted.step, data)
        return self.element(data, self.line(index))

    def element(self, value: ir.Value | None, at: Line) -> Line:
        """Return the element of a list that counts, at a place that moves with the iteration."""
        found = self.survey.fact(value).counting if value is not None else None
        if found is None or at.step != 1 or at.start < 0 or at.start > found.more:
            raise _no_bag("an element of another list")
        return Line(found.step, found.start + found.step * at.start)

    def sliced(self, node: ir.Node) -> _Meaning:
        data, *bounds = node.inputs
        start, stop = (self.line(bound) for bound in bounds[:2])
        rest = [self.line(bound) for bound in bounds[2:]]
        if data is None or rest not in ([], [Line(0, 0)], [Line(0, 0), Line(0, 1)]):
            raise _no_bag("another axis is cut")
        if self.survey.fact(data).counting is not None:
            if stop != Line(start.step, start.start + 1):
                raise _no_bag("several elements")
            return self.element(data, start)
        if start.start or not start.step or stop != Line(start.step, start.step):
            raise _no_bag("bags that are not equal and side by side")
        return Rows(data, start.step)

    def reduced(self, node: ir.Node) -> _Meaning:
        rows = self.of(node.inputs[0])
        listed = node.attributes.get_ints("axes", []) if len(node.inputs) < 2 else None
        axis = self.line(node.inputs[1]) if listed is None else Line(0, listed[0])
        if not isinstance(rows, Rows) or axis != Line(0, 0):
            raise _no_bag("another axis is reduced")
        return _Bag(rows, node.op_type, node.attributes.get_int("keepdims", 1) == 1)

    def compared(self, node: ir.Node) -> _Meaning:
        left, right = (self.of(value) for value in node.inputs)
        if node.op_type == "Less" and left == Line(1, 1) and isinstance(right, Size):
            return right  # the loop goes on until so many iterations are done
        if isinstance(left, Line) and isinstance(right, Line) and left.step == right.step:
            return (
                left.start == right.start if node.op_type == "Equal" else left.start < right.start
            )
        raise _no_bag("a comparison that only the run knows")

    def chosen(self, node: ir.Node) -> _Meaning:
        goes = self.of(node.inputs[0])
        if not isinstance(goes, bool):
            raise _no_bag("a choice that only the run knows")
        branch = node.attributes["then_branch" if goes else "else_branch"].as_graph()
        self.follow(branch)
        return self.of(branch.outputs[0])

    def inserted(self, node: ir.Node) -> _Meaning:
        before, bag = (self.of(value) for value in node.inputs[:2])
        if len(node.inputs) > 2 or not isinstance(before, _Sequence) or not isinstance(bag, _Bag):
            raise _no_bag("another sequence")
        return _Sequence(bag)


_READ: Mapping[str, Callable[[_Reader, ir.Node], _Meaning]] = {
    **dict.fromkeys(
        ("Identity", "Cast", "CastLike", "Reshape", "Squeeze", "Unsqueeze"), _Reader.same
    ),
    **dict.fromkeys(_REDUCTIONS, _Reader.reduced),
    "Add": _Reader.added,
    "Gather": _Reader.gathered,
    "Slice": _Reader.sliced,
    "Equal": _Reader.compared,
    "Less": _Reader.compared,
    "If": _Reader.chosen,
    "SequenceInsert": _Reader.inserted,
}
