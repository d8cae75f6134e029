"""Row permutations eliminated: rows stay in place, which is shown to compute the same.

    Gather(f(Gather(x, order)), inverse order)           ->  f(x)
    ScatterND(base, NonZero(m), f(GatherND(x, NonZero(m))))  ->  Where(m, f(x), base)

where f treats each row alone. Whether it does shows on the axes of f(x), and these only on the
survey of the new graph; so the equality is a proof obligation (see `row_independence`), for which
an Identity marks where rows were moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import STANDS_FOR, list_numbers, stands_for
from mari_engine.passes.contract import Copy, Obligation, Pass
from mari_engine.passes.row_permutations.matching import (
    Key,
    RowMove,
    RowPermutations,
    RowScatter,
    find_row_permutations,
)
from mari_engine.passes.row_permutations.row_independence import RowwiseProof

_AXES_BY_INPUT = 13
"""The opset from which on Unsqueeze reads its axes."""


def write_rows_in_place(found: RowPermutations, copy: Copy) -> Obligation:
    """Let what reads moved rows read them unmoved; that it is equal is the obligation."""
    rewrite = _Rewrite(copy)
    for move in found.moves:
        rewrite.remove(move)
    rewrite.forget_shapes()
    return rewrite


@dataclass(eq=False)
class _Rewrite:
    """The rows left in place in a copy, with a marker wherever they moved: a proof obligation."""

    copy: Copy
    new_values: dict[ir.Value, ir.Value] = field(default_factory=dict)
    """By an original result of a move: what stands for it."""
    markers: dict[ir.Node, RowMove] = field(default_factory=dict)

    def twin(self, value: ir.Value) -> ir.Value:
        """Return what stands for an original value in the copy."""
        return self.new_values[value] if value in self.new_values else self.copy.value(value)

    def remove(self, move: RowMove) -> None:
        """Put a marker in the place of a move, and a choice where only some rows come back."""
        old = self.twin(move.result)
        marker = self.node("Identity", [self.twin(move.source)], old)
        self.markers[marker] = move
        new = marker.outputs[0]
        if isinstance(move, RowScatter) and move.base is not None and move.mask is not None:
            mask = self.raised(self.twin(move.mask), len(move.result.shape or ()), old)
            new = self.node("Where", [mask, new, self.twin(move.base)], old).outputs[0]
        new.type = old.type
        old.replace_all_uses_with(new)
        self.new_values[move.result] = new

    def raised(self, mask: ir.Value, rank: int, old: ir.Value) -> ir.Value:
        """Return a mask of rows with as many axes as what it chooses."""
        own = len(mask.shape or ())
        if own == rank:
            return mask
        axes, model = list(range(own, rank)), self.copy.model
        if model.graph.opset_imports.get("", 0) < _AXES_BY_INPUT:
            return self.node("Unsqueeze", [mask], old, axes=axes).outputs[0]
        listed = list_numbers(model, f"{old.name}/axes", axes)
        return self.node("Unsqueeze", [mask, listed], old).outputs[0]

    def node(
        self, op: str, inputs: Iterable[ir.Value], old: ir.Value, **attributes: list[int]
    ) -> ir.Node:
        origin = old.producer()
        assert origin is not None
        assert origin.graph is not None
        new = ir.node(op, list(inputs), attributes, name=f"{origin.name}/{op}")
        new.metadata_props.update(origin.metadata_props)
        new.metadata_props[STANDS_FOR] = stands_for(origin)
        new.outputs[0].name = f"{old.name}/{op}"
        origin.graph.insert_before(origin, [new])
        return new

    def forget_shapes(self) -> None:
        """Drop the shapes of all that is made of moved rows: there were fewer, or unknown many."""
        reached = set[ir.Value]()
        for node in self.copy.model.graph:
            if node in self.markers or any(value in reached for value in node.inputs):
                reached.update(node.outputs)
                for value in node.outputs:
                    if not value.is_graph_output():
                        value.shape = None

    def refusal(self, survey: Survey) -> str | None:
        graph = self.copy.model.graph
        keys = {move.key: self.key_value(move.key) for move in self.markers.values()}
        return RowwiseProof(graph, survey, self.markers, keys).refusal()

    def key_value(self, key: Key) -> ir.Value | None:
        """Return the mask, or the list that is sorted, in the copy; None if it is dead there."""
        value = key if isinstance(key, ir.Value) else key.inputs[0]
        twin = self.twin(value) if value is not None else None
        node = twin.producer() if twin is not None else None
        return None if node is not None and node.graph is None else twin

    def discharge(self) -> None:
        for marker in self.markers:
            source = marker.inputs[0]
            if source is None:  # removed as dead: a sort of which only the order is read
                continue
            marker.outputs[0].replace_all_uses_with(source)
            self.copy.model.graph.remove(marker, safe=True)


ROW_PERMUTATIONS = Pass("row permutations", find_row_permutations, write_rows_in_place)
