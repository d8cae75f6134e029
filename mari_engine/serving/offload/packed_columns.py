"""A packed input of several kinds of features, taken as two: what is stored of items, and the rest.

    x [N, K]  ->  x__item [N, k]  the columns of item features that are not volatile
                  x__rest [N, K - k]

The compact signature knows only whose columns differ among candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Pick, View, static
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import NodeWriter
from mari_engine.types import InputBinding, InputLabel, Labels, Role


def divide_packed(
    model: ir.Model, survey: Survey, bindings: Sequence[InputBinding], labels: Labels
) -> tuple[InputBinding, ...]:
    """Divide packed inputs, in place, and return how the inputs are then filled.

    One of which no op takes stored columns alone stays as it is.
    """
    graph, divided = model.graph, list[InputBinding]()
    by_name = {value.name: value for value in graph.inputs}
    for binding in bindings:
        value = by_name[binding.name]
        stored = _stored_columns(binding, labels.inputs.get(binding.source, InputLabel()))
        picks = list(_list_picks(value, survey)) if 0 < stored.sum() < len(stored) else []
        if any(stored[index].any() for pick in picks for index in pick.spec.indices):
            divided += _Division(model, value, binding, stored).write(picks)
        else:
            divided.append(binding)
    return tuple(divided)


def _stored_columns(binding: InputBinding, label: InputLabel) -> np.ndarray:
    """Return for each column of a packed input whether a store can hold it; nothing of another."""
    columns = binding.columns or ()
    if not label.columns or binding.rows != "candidate":
        return np.zeros(0, dtype=bool)
    stored = np.zeros(max(column.stop for column in label.columns), dtype=bool)
    for own in label.columns:
        stored[own.start : own.stop] = own.role == Role.ITEM and not own.volatile
    return stored[list(columns)] if columns else stored


@dataclass(frozen=True, eq=False)
class _PickedColumns:
    """A node that picks columns of an input, or of one that was turned before."""

    node: ir.Node
    spec: Pick
    axis: int
    """Of what it picks from, along which the columns lie."""
    turn: ir.Node | None = None
    """The node that turns the input."""


def _list_picks(value: ir.Value, survey: Survey) -> Iterator[_PickedColumns]:
    """Yield the nodes that pick columns along the last axis of an input, where it lies behind."""
    fact = survey.values.get(value)
    if fact is None or any(len(axis) != 1 for axis in fact.axes):
        return
    last = len(fact.axes) - 1
    for node, at in value.uses():
        spec = survey.specs.get(node)
        if at == 0 and isinstance(spec, Pick) and spec.position == last:
            yield _PickedColumns(node, spec, last)
        elif at == 0 and isinstance(spec, View) and sorted(spec.source) == list(range(last + 1)):
            yield from _behind_turn(node, spec.source.index(last), survey)


def _behind_turn(turn: ir.Node, axis: int, survey: Survey) -> Iterator[_PickedColumns]:
    for node, at in turn.outputs[0].uses():
        spec = survey.specs.get(node)
        if at == 0 and isinstance(spec, Pick) and spec.position == axis:
            yield _PickedColumns(node, spec, axis, turn)


@dataclass(eq=False)
class _Division:
    """One packed input that becomes two."""

    model: ir.Model
    value: ir.Value
    binding: InputBinding
    stored: np.ndarray
    turned: dict[tuple[ir.Node, int], ir.Value] = field(default_factory=dict)

    def write(self, picks: Sequence[_PickedColumns]) -> tuple[InputBinding, ...]:
        graph = self.model.graph
        writer = NodeWriter(opset=graph.opset_imports.get("", 0))
        writer.avoid(graph)
        places = [np.flatnonzero(self.stored), np.flatnonzero(~self.stored)]
        halves = [
            self.half(writer.unique_name(f"{self.binding.source}__{name}"), index)
            for name, index in zip(("item", "rest"), places, strict=True)
        ]
        for pick in picks:
            self.repick(pick, writer, halves, places)
        self.rejoin(writer, halves, places)
        for initializer in writer.initializers.values():
            graph.register_initializer(initializer)
        at = list(graph.inputs).index(self.value)
        graph.inputs[at : at + 1] = halves
        columns = self.binding.columns or tuple(range(len(self.stored)))
        return tuple(
            replace(
                self.binding,
                name=half.name or "",
                shape=(*self.binding.shape[:-1], len(index)),
                columns=tuple(columns[place] for place in index),
            )
            for half, index in zip(halves, places, strict=True)
        )

    def half(self, name: str, index: np.ndarray) -> ir.Value:
        shape = ir.Shape([*list(self.value.shape or ())[:-1], len(index)])
        return ir.Value(name=name, type=self.value.type, shape=shape)

    def repick(
        self, pick: _PickedColumns, writer: NodeWriter, halves: Sequence[ir.Value],
        places: Sequence[np.ndarray],
    ) -> None:  # fmt: skip
        """Pick from the halves what a node picks from the whole."""
        graph, node = self.model.graph, pick.node
        for result, index, axes in zip(
            node.outputs, pick.spec.indices, pick.spec.results, strict=True
        ):
            writer.nodes, pieces = [], list[ir.Value]()
            with writer.on_behalf([node]):
                for run in _runs(index.ravel(), self.stored):
                    side = 0 if self.stored[run[0]] else 1
                    half = self.turn(pick.turn, side, halves[side], writer)
                    columns = np.searchsorted(places[side], run).tolist()
                    pieces.append(_cut(writer, half, columns, pick.axis))
                new = pieces[0]
                if len(pieces) > 1:
                    new = writer.emit(spelling.concat(pick.axis), pieces)
                if len(axes) != len(self.value.shape or ()):
                    behind = [static(axis) or 0 for axis in axes[pick.axis :]]
                    new = writer.emit(spelling.reshape((*[0] * pick.axis, *behind)), [new])
            graph.insert_before(node, writer.nodes)
            new.type, new.shape = result.type, result.shape
            result.replace_all_uses_with(new, replace_graph_outputs=True)
            new.name, result.name = result.name, f"{result.name}/was"
        graph.remove(node, safe=True)
        if pick.turn is not None and not pick.turn.outputs[0].uses():
            graph.remove(pick.turn, safe=True)

    def turn(self, turn: ir.Node | None, side: int, half: ir.Value, writer: NodeWriter) -> ir.Value:
        """Return a half, turned as the whole was."""
        if turn is None:
            return half
        if (turn, side) not in self.turned:
            self.turned[turn, side] = writer.copy(turn, [half]).outputs[0]
        return self.turned[turn, side]

    def rejoin(
        self, writer: NodeWriter, halves: Sequence[ir.Value], places: Sequence[np.ndarray]
    ) -> None:
        """Give who reads columns of both halves the whole again."""
        if not self.value.uses() and not self.value.is_graph_output():
            return
        writer.nodes, last = [], len(self.value.shape or ()) - 1
        joined = writer.emit(spelling.concat(last), halves)
        order = np.argsort(np.concatenate(places))
        whole = writer.emit(spelling.gather(last), [joined, writer.integers(order.tolist())])
        whole.type, whole.shape = self.value.type, self.value.shape
        self.value.replace_all_uses_with(whole, replace_graph_outputs=True)
        self.model.graph.insert_before(self.model.graph[0], writer.nodes)


def _runs(columns: np.ndarray, stored: np.ndarray) -> list[np.ndarray]:
    """Return columns cut where the side changes."""
    changes = np.flatnonzero(np.diff(stored[columns].astype(np.int8))) + 1
    return np.split(columns, changes)


def _cut(writer: NodeWriter, half: ir.Value, columns: Sequence[int], axis: int) -> ir.Value:
    start = columns[0]
    if list(columns) == list(range(start, start + len(columns))):
        return writer.emit(spelling.cut(start, start + len(columns), axis), [half])
    return writer.emit(spelling.gather(axis), [half, writer.integers(columns)])
