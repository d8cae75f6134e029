"""Sums over elementwise products, as several passes look for them."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported


def summed_product(node: ir.Node, survey: Survey) -> ir.Node | None:
    """Return the Mul of two tensors that this sum alone reads."""
    value = node.inputs[0] if node.op_type == "ReduceSum" and node in survey.specs else None
    mul = value.producer() if value is not None else None
    if value is None or mul is None or mul.op_type != "Mul" or mul not in survey.specs:
        return None
    if len(value.uses()) != 1 or value.is_graph_output():
        raise Unsupported("the elementwise product is read elsewhere too")
    if mul.inputs[0] is mul.inputs[1]:
        raise Unsupported("it sums squares")
    return mul


def summed_axes(node: ir.Node, rank: int, survey: Survey) -> set[int]:
    """Return the axes that a ReduceSum sums, counted from the front; none where it adds nothing."""
    axes = list(node.attributes.get_ints("axes", ()))
    read = node.inputs[1] if len(node.inputs) > 1 else None
    if read is not None:
        content = survey.fact(read).content
        axes = [] if content is None else [int(each) for each in content.ravel().tolist()]
        if content is None:
            return set()
    if not axes and not node.attributes.get_int("noop_with_empty_axes", 0):
        axes = list(range(rank))
    return {axis % rank for axis in axes}
