"""Padding with one number along an axis of fixed extent, written as the join that it is.

A join leaves each side its own columns, where a padded value is read piece by piece: the tokens of
RankMixer (https://arxiv.org/abs/2507.15551), whose features do not fill the last of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import static
from mari_engine.graph import Model, list_numbers, stand_in
from mari_engine.ops import Fact
from mari_engine.passes.contract import _rewritten

_READERS = frozenset({"Flatten", "Gather", "Gemm", "MatMul", "Reshape", "Slice", "Split"})
"""What takes columns apart, or multiplies them; others, a Conv say, read a padded value whole."""


@dataclass(frozen=True, eq=False)
class Padding:
    """A Pad, and what it does: `before` and `after` columns of a number, along one axis."""

    node: ir.Node
    rank: int
    axis: int
    width: int
    before: int
    after: int
    number: ir.TensorProtocol
    """One element, of the padded value's dtype."""


def find_paddings(graph: ir.Graph, survey: Survey, keep: Collection[str]) -> list[Padding]:
    """Return the paddings of `graph` that are joins, those with a name in `keep` left out."""
    nodes = [node for node in graph if node.op_type == "Pad" and node.domain in ("", "ai.onnx")]
    found = [
        _padding(node, survey)
        for node in nodes
        if node.name not in keep and all(u.node.op_type in _READERS for u in node.outputs[0].uses())
    ]
    return [each for each in found if each is not None]


def _padding(node: ir.Node, survey: Survey) -> Padding | None:
    given = [_fact(node, at, survey) for at in range(4)]
    value, amounts, number = given[0], given[1], given[2]
    mode = node.attributes.get_string("mode", "constant")
    if value is None or amounts is None or amounts.content is None or mode != "constant":
        return None
    if given[3] is not None or value.dtype is None or (number and number.uniform is None):
        return None
    fills = number.uniform if number is not None else 0
    if not isinstance(fills, (int, float)):
        return None
    rank, sizes = len(value.axes), [int(each) for each in amounts.content.ravel().tolist()]
    changed = [axis for axis in range(rank) if sizes[axis] or sizes[axis + rank]]
    width = static(value.axes[changed[0]]) if len(changed) == 1 else None
    if width is None or min(sizes) < 0:
        return None
    before, after = sizes[changed[0]], sizes[changed[0] + rank]
    element = ir.tensor(np.full([1], fills, value.dtype.numpy()), dtype=value.dtype)
    return Padding(node, rank, changed[0], width, before, after, element)


def _fact(node: ir.Node, at: int, survey: Survey) -> Fact | None:
    value = node.inputs[at] if at < len(node.inputs) else None
    return None if value is None else survey.values.get(value)


def join_padding(padding: Padding, node: ir.Node, model: ir.Model) -> None:
    """Put a join in the place of `node`, the padding's own or its copy in `model`."""
    value = node.inputs[0]
    assert value is not None
    new = [ir.node("Shape", [value], name=f"{node.name}/Shape")]
    sides = []
    for name, columns in (("before", padding.before), ("after", padding.after)):
        sides.append(_columns(padding, columns, f"{node.name}/{name}", new, model))
    pieces = [piece for piece in (sides[0], value, sides[1]) if piece is not None]
    new.append(ir.node("Concat", pieces, {"axis": padding.axis}, name=f"{node.name}/Concat"))
    stand_in(node, new)


def _columns(
    padding: Padding, columns: int, name: str, new: list[ir.Node], model: ir.Model
) -> ir.Value | None:
    """Add the nodes that make columns of the number, as long as the padded value otherwise."""
    if not columns:
        return None
    more = [0] * padding.rank
    more[padding.axis] = columns - padding.width
    lengths = [new[0].outputs[0], list_numbers(model, f"{name}/more", more)]
    new.append(ir.node("Add", lengths, name=f"{name}/Add"))
    attributes = {"value": padding.number}
    new.append(ir.node("ConstantOfShape", new[-1].outputs, attributes, name=name))
    return new[-1].outputs[0]


def _without_paddings(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write columns of one number that are put beside others as a join."""
    found = find_paddings(model.ir.graph, survey, keep)
    return _rewritten(
        model, survey, found, lambda each, twins, copy: join_padding(each, twins[each.node], copy)
    )
