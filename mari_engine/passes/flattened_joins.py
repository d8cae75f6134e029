"""Rows joined end to end and then flattened, as columns that are joined and put in order.

    Reshape(Concat(a [N, P, D], b [N, P, E], axis=2), [N, P (D + E)])
    ->  Gather(Concat(Reshape(a, [N, P D]), Reshape(b, [N, P E]), axis=1), places, axis=1)

Keras' FiBiNET lays two vectors of each pair of fields side by side. Where the P rows are of both
sides, the Concat would put them together: it joins along another axis than theirs. As columns they
stay apart, and a product behind takes its weights' rows in that order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import View, flat, size, static
from mari_engine.graph import list_numbers, replace_by_nodes
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each


@dataclass(frozen=True, eq=False)
class FlattenedJoin:
    """A view that flattens what a Concat joins along the last axis."""

    view: ir.Node
    concat: ir.Node
    rows: int
    widths: tuple[int, ...]
    """Of the joined values, each `[N, rows, width]`."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Concat and the view."""
        return (self.concat, self.view)


def find_flattened_joins(graph: ir.Graph, survey: Survey) -> Iterator[FlattenedJoin | Refusal]:
    """Yield the views of a graph that flatten joined rows."""
    nodes = (node for node in graph if isinstance(survey.specs.get(node), View))
    return match_each(nodes, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> FlattenedJoin | None:
    joined = node.inputs[0]
    concat = None if joined is None else joined.producer()
    if joined is None or concat is None or not _is_concat(concat):
        return None
    if joined.is_graph_output() or len(joined.uses()) > 1:
        return None  # what else reads it needs it as it is
    before, after = survey.fact(joined).axes, survey.fact(node.outputs[0]).axes
    if len(before) != 3 or len(after) != 2 or flat(after) != flat(before):
        return None
    own = [survey.fact(value).axes for value in concat.inputs if value is not None]
    rows, widths = static(before[1]), [static(axes[-1]) for axes in own]
    if concat.attributes.get_int("axis", 0) % 3 != 2 or not size(after[0]).same(size(before[0])):
        return None
    if rows is None or rows < 2 or None in widths or not any(map(_joins_rows, concat.inputs)):
        return None
    return FlattenedJoin(node, concat, rows, tuple(int(width or 0) for width in widths))


def _is_concat(node: ir.Node) -> bool:
    return node.op_type == "Concat" and node.domain in STANDARD


def _joins_rows(value: ir.Value | None) -> bool:
    """Return True for a value whose rows a Concat joined, `[N, P, D]`."""
    node = None if value is None else value.producer()
    return node is not None and _is_concat(node) and node.attributes.get_int("axis", 0) in (1, -2)


def write_ordered_columns(found: FlattenedJoin, copy: Copy) -> None:
    """Put the joined columns, in order, in the place of the view."""
    view, concat, name = copy.node(found.view), copy.node(found.concat), found.view.name
    new, columns, start = list[ir.Node](), list[np.ndarray](), 0
    for at, (value, width) in enumerate(zip(concat.inputs, found.widths, strict=True)):
        count = found.rows * width
        shape = list_numbers(copy.model, f"{name}/shape_{at}", [-1, count])
        new.append(ir.node("Reshape", [value, shape], name=f"{name}/Reshape_{at}"))
        columns.append(np.arange(start, start + count).reshape(found.rows, width))
        start += count
    flattened = [node.outputs[0] for node in new]
    new.append(ir.node("Concat", flattened, {"axis": 1}, name=f"{name}/Concat"))
    order = np.concatenate(columns, axis=1).ravel().tolist()
    places = list_numbers(copy.model, f"{name}/places", order)
    operands = [new[-1].outputs[0], places]
    new.append(ir.node("Gather", operands, {"axis": 1}, name=f"{name}/Gather"))
    replace_by_nodes(view, new)


FLATTENED_JOINS = Pass("flattened joins", find_flattened_joins, write_ordered_columns)
