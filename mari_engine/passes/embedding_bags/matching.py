"""Loop idiom recognition: a Loop that reduces bags of equal size, one bag an iteration.

Exporters write an EmbeddingBag as a Loop whose iteration i slices the ids (or the rows that were
looked up) between `offsets[i]` and `offsets[i + 1]` and reduces what it finds. Where the offsets
are an arithmetic progression (see `ops.evaluation.progressions`) and the bags fill the slice's
source, the loop is a reduction of the same rows under another shape:

    [count * step, D]  ->  [count, step, D]  ->  [count, D]

The body is interpreted abstractly: numbers as affine functions `step * i + start` of the iteration,
slices as rows `step * i` to `step * (i + 1)` of a value outside. What the body does beyond that is
a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Size, size, static
from mari_engine.passes.contract import Refusal, match_each
from mari_engine.passes.embedding_bags.abstract_values import (
    Abstract,
    Bag,
    BagLoop,
    BagSequence,
    Counter,
    Many,
    NoPlaces,
    Places,
    Rows,
)
from mari_engine.passes.embedding_bags.kept_places import (
    PlacesLoop,
    no_bag,
    passed_on,
    read_kept_places,
)

_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")


def find_bag_loops(graph: ir.Graph, survey: Survey) -> Iterator[BagLoop | Refusal]:
    """Yield the loops of a graph that are reductions of bags of equal size."""

    def match(loop: ir.Node) -> BagLoop:
        try:
            return _BodyReader(loop, survey).read()
        except (LookupError, TypeError, ValueError) as other:  # it is no loop of an exporter's
            raise no_bag("another body") from other

    loops = (node for node in graph if node.op_type == "Loop" and node.domain == "")
    return match_each(loops, match)


class _BodyReader:
    """Interprets the body of one loop."""

    def __init__(self, loop: ir.Node, survey: Survey) -> None:
        self.loop = loop
        self.survey = survey
        self.body = loop.attributes["body"].as_graph()
        self.values: dict[ir.Value, Abstract] = {}
        self.outside = frozenset(survey.values)

    def read(self) -> BagLoop:
        """Return the loop as a reduction of bags; Unsupported where it is none."""
        states = self.body.inputs[2:]
        self.values[self.body.inputs[0]] = Counter(1, 0)
        self.values[self.body.inputs[1]] = True
        for state, first in zip(states, self.loop.inputs[2:], strict=True):
            self.values[state] = self.first(first)
        self.follow(self.body)
        results = self.body.outputs[1:]
        for state, after in zip(states, results, strict=False):
            self.check_state(self.values[state], self.values[after])
        count = self.iterations()
        if states:
            return self.sequence(count, results)
        (result,) = results
        bag = self.values[result]
        if not isinstance(bag, Bag) or bag.has_axis:
            raise no_bag("another result")
        return self.bags(self.loop.outputs[0], bag, count)

    def first(self, value: ir.Value | None) -> Abstract:
        """Return a loop-carried state before the first iteration: no sequence yet, or a number."""
        if value is not None and isinstance(value.type, ir.SequenceType):
            return BagSequence()
        producer = value.producer() if value is not None else None
        if producer is not None and producer.op_type == "SequenceEmpty":
            return BagSequence()
        return Counter(1, int(self.number(value)))

    def number(self, value: ir.Value | None) -> int | Size:
        fact = self.survey.values.get(value) if value is not None else None
        if fact is None or fact.content is None or fact.content.size != 1:
            raise no_bag("a number that only the run knows")
        element = fact.content.ravel()[0]
        return element if isinstance(element, Size) else int(element)

    def check_state(self, before: Abstract, after: Abstract) -> None:
        """Refuse a loop-carried state other than a counter and a sequence that gets the bags."""
        if (
            isinstance(before, BagSequence)
            and isinstance(after, BagSequence)
            and after.bag is not None
        ):
            return
        if isinstance(before, Counter) and after == Counter(before.step, before.start + 1):
            return
        raise no_bag("a state that does not count")

    def iterations(self) -> Size:
        """Return the trip count: a number, or as long as the counter is below one."""
        goes_on = self.values[self.body.outputs[0]]
        if goes_on is True and self.loop.inputs[0] is not None:
            return Size.of(self.number(self.loop.inputs[0]))
        if isinstance(goes_on, Size) and self.loop.inputs[0] is None:
            return goes_on
        raise no_bag("another end")

    def sequence(self, count: Size, results: Sequence[ir.Value]) -> BagLoop:
        """Return the reduction whose bags a sequence holds that is joined row by row."""
        at = next(i for i, v in enumerate(results) if isinstance(self.values[v], BagSequence))
        held = self.values[results[at]]
        (use,) = self.loop.outputs[at].uses()
        added = use.node.attributes.get_int("new_axis", 0) == 1
        if use.node.op_type != "ConcatFromSequence" or use.node.attributes.get_int("axis", 0) != 0:
            raise no_bag("a sequence that is not joined row by row")
        if not isinstance(held, BagSequence) or held.bag is None or held.bag.has_axis == added:
            raise no_bag("rows of another rank")
        return self.bags(use.node.outputs[0], held.bag, count)

    def bags(self, result: ir.Value, bag: Bag, count: Size) -> BagLoop:
        """Return the reduction, once its bags are shown to cover the source: count * step rows."""
        fact = self.survey.fact(bag.rows.source)
        if not size(fact.axes[0]).same(Size.of(count * bag.rows.step)):
            raise no_bag("rows that are left over")
        if bag.rows.table is not None and len(fact.axes) != 1:
            raise no_bag("ids of another rank")
        kept = bag.rows.kept
        if kept is not None:
            ids = [size(axis) for axis in self.survey.fact(kept.ids).axes]
            if len(ids) != 1 or not ids[0].same(size(fact.axes[0])):
                raise no_bag("rows that are kept by other ids")
        inner = tuple(extent for axis in fact.axes[1:] if (extent := static(axis)) is not None)
        if len(inner) < len(fact.axes) - 1:
            raise no_bag("rows of an extent that only the run knows")
        return BagLoop(self.loop, result, bag.rows, bag.op, inner, self.is_zero(bag, inner))

    def is_zero(self, bag: Bag, inner: tuple[int, ...]) -> bool:
        """Return whether a bag of no rows is a row of zeros, by the loop's own choice."""
        if bag.empty is None:
            if bag.rows.kept is not None and bag.op not in ("ReduceSum", "ReduceMean"):
                raise no_bag("a bag that may be of no rows")
            return False
        tensor = bag.empty.const_value
        width = inner if bag.rows.table is None else self.inner_of(bag.rows.table)
        shape = (1, *width) if bag.has_axis else width
        if tensor is None or tuple(tensor.shape.numpy()) != shape or tensor.numpy().any():
            raise no_bag("a bag of no rows that is not zero")
        return True

    def inner_of(self, table: ir.Value) -> tuple[int, ...]:
        """Return the extents of a row of a table."""
        return tuple(static(axis) or 0 for axis in self.survey.fact(table).axes[1:])

    # --- the body

    def follow(self, graph: ir.Graph) -> None:
        for node in graph:
            read = _READ.get(node.op_type)
            if node.op_type == "Loop" and node.domain == "":
                self.collect(node)
            elif read is not None and node.domain == "":
                self.values[node.outputs[0]] = read(self, node)

    def of(self, value: ir.Value | None) -> Abstract:
        """Return the abstract value of a value of the body, or of a number outside it."""
        if value is not None and value in self.values:
            return self.values[value]
        number = self.number(value)
        if value is not None and self.survey.fact(value).dtype == ir.DataType.BOOL:
            return bool(number)
        return number if isinstance(number, Size) else Counter(0, number)

    def affine(self, value: ir.Value | None) -> Counter:
        found = self.of(value)
        if not isinstance(found, Counter):
            raise no_bag("no number")
        return found

    def same(self, node: ir.Node) -> Abstract:
        return self.of(node.inputs[0])

    def added(self, node: ir.Node) -> Abstract:
        a, b = (self.affine(value) for value in node.inputs)
        return Counter(a.step + b.step, a.start + b.start)

    def gathered(self, node: ir.Node) -> Abstract:
        data, index = node.inputs
        if node.attributes.get_int("axis", 0):
            raise no_bag("another axis")
        wanted = self.values.get(index) if index is not None else None
        if isinstance(wanted, Places) and data is not None:
            return Rows(data, wanted.step, kept=wanted.kept)
        if isinstance(wanted, Rows) and wanted.table is None and data is not None:
            return Rows(wanted.source, wanted.step, data, wanted.kept)
        return self.element(data, self.affine(index))

    def element(self, value: ir.Value | None, at: Counter) -> Counter:
        """Return the element of an arithmetic progression at the place `i + at.start`."""
        found = self.survey.fact(value).progression if value is not None else None
        if found is None or at.step != 1 or at.start < 0 or at.start > found.more:
            raise no_bag("an element of another list")
        return Counter(found.step, found.start + found.step * at.start)

    def sliced(self, node: ir.Node) -> Abstract:
        data, *bounds = node.inputs
        start, stop = (self.affine(bound) for bound in bounds[:2])
        rest = [self.affine(bound) for bound in bounds[2:]]
        if data is None or rest not in ([], [Counter(0, 0)], [Counter(0, 0), Counter(0, 1)]):
            raise no_bag("another axis is cut")
        if self.survey.fact(data).progression is not None:
            if stop != Counter(start.step, start.start + 1):
                raise no_bag("several elements")
            return self.element(data, start)
        if start.start or not start.step or stop != Counter(start.step, start.step):
            raise no_bag("bags that are not equal and side by side")
        return Rows(data, start.step)

    def reduced(self, node: ir.Node) -> Abstract:
        rows = self.of(node.inputs[0])
        listed = node.attributes.get_ints("axes", []) if len(node.inputs) < 2 else None
        axis = self.affine(node.inputs[1]) if listed is None else Counter(0, listed[0])
        if not isinstance(rows, Rows) or axis != Counter(0, 0):
            raise no_bag("another axis is reduced")
        return Bag(rows, node.op_type, node.attributes.get_int("keepdims", 1) == 1)

    def compared(self, node: ir.Node) -> Abstract:
        left, right = (self.of(value) for value in node.inputs)
        if node.op_type == "Equal" and isinstance(left, Many) and right == Counter(0, 0):
            return NoPlaces(left.places)
        if node.op_type == "Less" and left == Counter(1, 1) and isinstance(right, Size):
            return right  # the loop goes on until so many iterations are done
        if isinstance(left, Counter) and isinstance(right, Counter) and left.step == right.step:
            return (
                left.start == right.start if node.op_type == "Equal" else left.start < right.start
            )
        raise no_bag("a comparison that only the run knows")

    def chosen(self, node: ir.Node) -> Abstract:
        goes = self.of(node.inputs[0])
        if isinstance(goes, NoPlaces):
            return self.bag_or_empty(node, goes.places)
        if not isinstance(goes, bool):
            raise no_bag("a choice that only the run knows")
        branch = node.attributes["then_branch" if goes else "else_branch"].as_graph()
        self.follow(branch)
        return self.of(branch.outputs[0])

    def bag_or_empty(self, node: ir.Node, places: Places) -> Abstract:
        """Return the bag of the places that are kept, with what stands for it where none is."""
        empty, other = (node.attributes[name].as_graph() for name in ("then_branch", "else_branch"))
        self.follow(other)
        bag = self.of(other.outputs[0])
        if not isinstance(bag, Bag) or bag.rows.kept is not places.kept:
            raise no_bag("another result where no row is kept")
        return replace(bag, empty=passed_on(empty.outputs[0]))

    def counted(self, node: ir.Node) -> Abstract:
        found = self.of(node.inputs[0])
        if not isinstance(found, Places):
            raise no_bag("the size of another list")
        return Many(found)

    def collect(self, loop: ir.Node) -> None:
        """Read a loop within the body: it collects places `step * i + j` by a test of each."""
        body = loop.attributes["body"].as_graph()
        empty = [self.is_empty(first) for first in loop.inputs[2:]]
        if loop.inputs[0] is not None or sorted(empty) != [False, True]:
            raise no_bag("another loop within the loop")
        found, counter = empty.index(True), empty.index(False)
        start, goes = self.affine(loop.inputs[2 + counter]), self.of(loop.inputs[1])
        if goes is not True or start.start or start.step < 1:
            raise no_bag("places that are not those of one bag")
        inner = PlacesLoop(
            body, body.inputs[2 + counter], body.inputs[2 + found],
            body.outputs[1 + counter], body.outputs[1 + found],
        )  # fmt: skip
        step, stop = inner.bounds()
        if self.constant(step) != Counter(0, 1) or self.affine(stop) != Counter(*[start.step] * 2):
            raise no_bag("places that are not those of one bag")
        kept = read_kept_places(inner, self.outside)
        self.values[loop.outputs[found]] = Places(kept, start.step)

    def is_empty(self, value: ir.Value | None) -> bool:
        fact = self.survey.values.get(value) if value is not None else None
        return fact is not None and [static(axis) for axis in fact.axes] == [0]

    def constant(self, value: ir.Value | None) -> Counter:
        """Return a number that does not vary, cast to the type of another."""
        while value is not None and (node := value.producer()) is not None:
            if node.op_type not in ("Identity", "Cast", "CastLike"):
                break
            value = node.inputs[0]
        return self.affine(value)

    def inserted(self, node: ir.Node) -> Abstract:
        before, bag = (self.of(value) for value in node.inputs[:2])
        if len(node.inputs) > 2 or not isinstance(before, BagSequence) or not isinstance(bag, Bag):
            raise no_bag("another sequence")
        return BagSequence(bag)


_READ: Mapping[str, Callable[[_BodyReader, ir.Node], Abstract]] = {
    **dict.fromkeys(
        ("Identity", "Cast", "CastLike", "Reshape", "Squeeze", "Unsqueeze"), _BodyReader.same
    ),
    **dict.fromkeys(_REDUCTIONS, _BodyReader.reduced),
    "Add": _BodyReader.added,
    "Gather": _BodyReader.gathered,
    "Slice": _BodyReader.sliced,
    "Equal": _BodyReader.compared,
    "Less": _BodyReader.compared,
    "If": _BodyReader.chosen,
    "SequenceInsert": _BodyReader.inserted,
    "Size": _BodyReader.counted,
}
