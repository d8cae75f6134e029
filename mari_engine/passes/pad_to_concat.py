"""Constant padding as concatenation, where it is read column by column.

    Pad(x, [.., 0, before, .., 0, after], c)  ->  Concat(c [.., before], x, c [.., after])

for one axis of fixed extent. A Concat leaves each side its own columns, where a Pad is read whole:
the tokens of RankMixer (https://arxiv.org/abs/2507.15551), whose features do not fill the last of
them. https://onnx.ai/onnx/operators/onnx__Pad.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported, static
from mari_engine.graph import list_numbers, replace_by_nodes
from mari_engine.ops import Fact
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each

_READERS = frozenset({"Flatten", "Gather", "Gemm", "MatMul", "Reshape", "Slice", "Split"})
"""What takes columns apart, or multiplies them; others, a Conv say, read a padded value whole."""


@dataclass(frozen=True, eq=False)
class ConstantPad:
    """A Pad that puts `before` and `after` columns of one number around those of one axis."""

    node: ir.Node
    rank: int
    axis: int
    width: int
    """The columns of the axis before padding."""
    before: int
    after: int
    number: ir.TensorProtocol
    """One element, of the padded value's dtype."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Pad."""
        return (self.node,)


def find_constant_pads(graph: ir.Graph, survey: Survey) -> Iterator[ConstantPad | Refusal]:
    """Yield the paddings of a graph that are concatenations."""
    nodes = (node for node in graph if node.op_type == "Pad" and node.domain in STANDARD)
    return match_each(nodes, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> ConstantPad:
    value, amounts, number, axes = (_fact(node, at, survey) for at in range(4))
    if not all(use.node.op_type in _READERS for use in node.outputs[0].uses()):
        raise Unsupported("its result is read whole")
    if node.attributes.get_string("mode", "constant") != "constant":
        raise Unsupported("it pads with elements of the value itself")
    if value is None or value.dtype is None or amounts is None or amounts.content is None:
        raise Unsupported("its amounts are known only at run time")
    if axes is not None:
        raise Unsupported("it lists the axes that it pads")
    fill = 0 if number is None else number.uniform
    if not isinstance(fill, (int, float)):
        raise Unsupported("the number that it pads with is known only at run time")
    rank, sizes = len(value.axes), [int(each) for each in amounts.content.ravel().tolist()]
    padded = [axis for axis in range(rank) if sizes[axis] or sizes[axis + rank]]
    width = static(value.axes[padded[0]]) if len(padded) == 1 else None
    if width is None or min(sizes) < 0:
        raise Unsupported("it cuts, or pads other than one axis of fixed extent")
    before, after = sizes[padded[0]], sizes[padded[0] + rank]
    element = ir.tensor(np.full([1], fill, value.dtype.numpy()), dtype=value.dtype)
    return ConstantPad(node, rank, padded[0], width, before, after, element)


def _fact(node: ir.Node, at: int, survey: Survey) -> Fact | None:
    value = node.inputs[at] if at < len(node.inputs) else None
    return None if value is None else survey.values.get(value)


def write_concat(pad: ConstantPad, copy: Copy) -> None:
    """Put a Concat of the value and the columns of the number in the place of the Pad."""
    node = copy.node(pad.node)
    value = node.inputs[0]
    assert value is not None
    new = [ir.node("Shape", [value], name=f"{node.name}/Shape")]
    sides = []
    for name, columns in (("before", pad.before), ("after", pad.after)):
        sides.append(_columns(pad, columns, f"{node.name}/{name}", new, copy.model))
    pieces = [piece for piece in (sides[0], value, sides[1]) if piece is not None]
    new.append(ir.node("Concat", pieces, {"axis": pad.axis}, name=f"{node.name}/Concat"))
    replace_by_nodes(node, new)


def _columns(
    pad: ConstantPad, columns: int, name: str, new: list[ir.Node], model: ir.Model
) -> ir.Value | None:
    """Add the nodes that make columns of the number, as long as the padded value otherwise.

    Their shape is the value's own plus `columns - width` along the axis.
    """
    if not columns:
        return None
    more = [0] * pad.rank
    more[pad.axis] = columns - pad.width
    lengths = [new[0].outputs[0], list_numbers(model, f"{name}/more", more)]
    new.append(ir.node("Add", lengths, name=f"{name}/Add"))
    attributes = {"value": pad.number}
    new.append(ir.node("ConstantOfShape", new[-1].outputs, attributes, name=name))
    return new[-1].outputs[0]


PAD_TO_CONCAT = Pass("pad to concat", find_constant_pads, write_concat)
