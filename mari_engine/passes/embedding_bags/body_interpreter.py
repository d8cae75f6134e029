"""Abstract interpretation of a bag loop's body: numbers, rows, places and bags by iteration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Size, static
from mari_engine.passes.embedding_bags.abstract_values import (
    Abstract,
    Bag,
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


class BodyInterpreter:
    """What each value of a body is in iteration i; Unsupported for what bags do not need."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.outside = frozenset(survey.values)
        self.values: dict[ir.Value, Abstract] = {}

    def number(self, value: ir.Value | None) -> int | Size:
        """Return a number outside the loop that is known before the run."""
        fact = self.survey.values.get(value) if value is not None else None
        if fact is None or fact.content is None or fact.content.size != 1:
            raise no_bag("a number that only the run knows")
        element = fact.content.ravel()[0]
        return element if isinstance(element, Size) else int(element)

    def follow(self, graph: ir.Graph) -> None:
        """Interpret the nodes of the body, or of a branch that it takes, in order."""
        for node in graph:
            read = _READ.get(node.op_type)
            if node.op_type == "Loop" and node.domain == "":
                self._collect(node)
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

    def _affine(self, value: ir.Value | None) -> Counter:
        found = self.of(value)
        if not isinstance(found, Counter):
            raise no_bag("no number")
        return found

    def _same(self, node: ir.Node) -> Abstract:
        return self.of(node.inputs[0])

    def _added(self, node: ir.Node) -> Abstract:
        a, b = (self._affine(value) for value in node.inputs)
        return Counter(a.step + b.step, a.start + b.start)

    def _gathered(self, node: ir.Node) -> Abstract:
        data, index = node.inputs
        if node.attributes.get_int("axis", 0):
            raise no_bag("another axis")
        wanted = self.values.get(index) if index is not None else None
        if isinstance(wanted, Places) and data is not None:
            return Rows(data, wanted.step, kept=wanted.kept)
        if isinstance(wanted, Rows) and wanted.table is None and data is not None:
            return Rows(wanted.source, wanted.step, data, wanted.kept)
        return self._element(data, self._affine(index))

    def _element(self, value: ir.Value | None, at: Counter) -> Counter:
        """Return the element of an arithmetic progression at the place `i + at.start`."""
        found = self.survey.fact(value).progression if value is not None else None
        if found is None or at.step != 1 or at.start < 0 or at.start > found.more:
            raise no_bag("an element of another list")
        return Counter(found.step, found.start + found.step * at.start)

    def _sliced(self, node: ir.Node) -> Abstract:
        data, *bounds = node.inputs
        start, stop = (self._affine(bound) for bound in bounds[:2])
        rest = [self._affine(bound) for bound in bounds[2:]]
        if data is None or rest not in ([], [Counter(0, 0)], [Counter(0, 0), Counter(0, 1)]):
            raise no_bag("another axis is cut")
        if self.survey.fact(data).progression is not None:
            if stop != Counter(start.step, start.start + 1):
                raise no_bag("several elements")
            return self._element(data, start)
        if start.start or not start.step or stop != Counter(start.step, start.step):
            raise no_bag("bags that are not equal and side by side")
        return Rows(data, start.step)

    def _reduced(self, node: ir.Node) -> Abstract:
        rows = self.of(node.inputs[0])
        listed = node.attributes.get_ints("axes", []) if len(node.inputs) < 2 else None
        axis = self._affine(node.inputs[1]) if listed is None else Counter(0, listed[0])
        if not isinstance(rows, Rows) or axis != Counter(0, 0):
            raise no_bag("another axis is reduced")
        return Bag(rows, node.op_type, node.attributes.get_int("keepdims", 1) == 1)

    def _compared(self, node: ir.Node) -> Abstract:
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

    def _chosen(self, node: ir.Node) -> Abstract:
        goes = self.of(node.inputs[0])
        if isinstance(goes, NoPlaces):
            return self._bag_or_empty(node, goes.places)
        if not isinstance(goes, bool):
            raise no_bag("a choice that only the run knows")
        branch = node.attributes["then_branch" if goes else "else_branch"].as_graph()
        self.follow(branch)
        return self.of(branch.outputs[0])

    def _bag_or_empty(self, node: ir.Node, places: Places) -> Abstract:
        """Return the bag of the places that are kept, with what stands for it where none is."""
        empty, other = (node.attributes[name].as_graph() for name in ("then_branch", "else_branch"))
        self.follow(other)
        bag = self.of(other.outputs[0])
        if not isinstance(bag, Bag) or bag.rows.kept is not places.kept:
            raise no_bag("another result where no row is kept")
        return replace(bag, empty=passed_on(empty.outputs[0]))

    def _counted(self, node: ir.Node) -> Abstract:
        found = self.of(node.inputs[0])
        if not isinstance(found, Places):
            raise no_bag("the size of another list")
        return Many(found)

    def _collect(self, loop: ir.Node) -> None:
        """Read a loop within the body: it collects places `step * i + j` by a test of each."""
        body = loop.attributes["body"].as_graph()
        empty = [self._is_empty(first) for first in loop.inputs[2:]]
        if loop.inputs[0] is not None or sorted(empty) != [False, True]:
            raise no_bag("another loop within the loop")
        found, counter = empty.index(True), empty.index(False)
        start, goes = self._affine(loop.inputs[2 + counter]), self.of(loop.inputs[1])
        if goes is not True or start.start or start.step < 1:
            raise no_bag("places that are not those of one bag")
        inner = PlacesLoop(
            body, body.inputs[2 + counter], body.inputs[2 + found],
            body.outputs[1 + counter], body.outputs[1 + found],
        )  # fmt: skip
        step, stop = inner.bounds()
        if self._constant(step) != Counter(0, 1) or self._affine(stop) != Counter(
            *[start.step] * 2
        ):
            raise no_bag("places that are not those of one bag")
        kept = read_kept_places(inner, self.outside)
        self.values[loop.outputs[found]] = Places(kept, start.step)

    def _is_empty(self, value: ir.Value | None) -> bool:
        fact = self.survey.values.get(value) if value is not None else None
        return fact is not None and [static(axis) for axis in fact.axes] == [0]

    def _constant(self, value: ir.Value | None) -> Counter:
        """Return a number that does not vary, cast to the type of another."""
        while value is not None and (node := value.producer()) is not None:
            if node.op_type not in ("Identity", "Cast", "CastLike"):
                break
            value = node.inputs[0]
        return self._affine(value)

    def _inserted(self, node: ir.Node) -> Abstract:
        before, bag = (self.of(value) for value in node.inputs[:2])
        if len(node.inputs) > 2 or not isinstance(before, BagSequence) or not isinstance(bag, Bag):
            raise no_bag("another sequence")
        return BagSequence(bag)


_READ: Mapping[str, Callable[[BodyInterpreter, ir.Node], Abstract]] = {
    **dict.fromkeys(
        ("Identity", "Cast", "CastLike", "Reshape", "Squeeze", "Unsqueeze"), BodyInterpreter._same
    ),
    **dict.fromkeys(_REDUCTIONS, BodyInterpreter._reduced),
    "Add": BodyInterpreter._added,
    "Gather": BodyInterpreter._gathered,
    "Slice": BodyInterpreter._sliced,
    "Equal": BodyInterpreter._compared,
    "Less": BodyInterpreter._compared,
    "If": BodyInterpreter._chosen,
    "SequenceInsert": BodyInterpreter._inserted,
    "Size": BodyInterpreter._counted,
}
