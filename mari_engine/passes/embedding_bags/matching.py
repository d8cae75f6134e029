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

from collections.abc import Iterator, Sequence

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
)
from mari_engine.passes.embedding_bags.body_interpreter import BodyInterpreter
from mari_engine.passes.embedding_bags.kept_places import (
    no_bag,
)


def find_bag_loops(graph: ir.Graph, survey: Survey) -> Iterator[BagLoop | Refusal]:
    """Yield the loops of a graph that are reductions of bags of equal size."""

    def match(loop: ir.Node) -> BagLoop:
        try:
            return _LoopReader(loop, survey).read()
        except (LookupError, TypeError, ValueError) as other:  # it is no loop of an exporter's
            raise no_bag("another body") from other

    loops = (node for node in graph if node.op_type == "Loop" and node.domain == "")
    return match_each(loops, match)


class _LoopReader:
    """Reads one loop: its states, its end, and the bags that its body makes."""

    def __init__(self, loop: ir.Node, survey: Survey) -> None:
        self.loop = loop
        self.survey = survey
        self.body = loop.attributes["body"].as_graph()
        self.inside = BodyInterpreter(survey)

    def read(self) -> BagLoop:
        """Return the loop as a reduction of bags; Unsupported where it is none."""
        states = self.body.inputs[2:]
        self.inside.values[self.body.inputs[0]] = Counter(1, 0)
        self.inside.values[self.body.inputs[1]] = True
        for state, first in zip(states, self.loop.inputs[2:], strict=True):
            self.inside.values[state] = self.first(first)
        self.inside.follow(self.body)
        results = self.body.outputs[1:]
        for state, after in zip(states, results, strict=False):
            self.check_state(self.inside.values[state], self.inside.values[after])
        count = self.iterations()
        if states:
            return self.sequence(count, results)
        (result,) = results
        bag = self.inside.values[result]
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
        return Counter(1, int(self.inside.number(value)))

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
        goes_on = self.inside.values[self.body.outputs[0]]
        if goes_on is True and self.loop.inputs[0] is not None:
            return Size.of(self.inside.number(self.loop.inputs[0]))
        if isinstance(goes_on, Size) and self.loop.inputs[0] is None:
            return goes_on
        raise no_bag("another end")

    def sequence(self, count: Size, results: Sequence[ir.Value]) -> BagLoop:
        """Return the reduction whose bags a sequence holds that is joined row by row."""
        at = next(
            i for i, v in enumerate(results) if isinstance(self.inside.values[v], BagSequence)
        )
        held = self.inside.values[results[at]]
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
