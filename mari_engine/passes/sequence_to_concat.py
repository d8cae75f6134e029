"""DOC."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import Model, become
from mari_engine.passes.contract import _tidied


def _without_lists(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write the joining of a list of tensors that is made there as a join."""
    if not any(_lists(node) is not None and node.name not in keep for node in model.ir.graph):
        return model, survey
    copy = model.ir.clone()
    for node in list(copy.graph):
        listed = _lists(node)
        if listed is None or node.name in keep:
            continue
        axis = node.attributes.get_int("axis")
        become(node, ir.node("Concat", listed.inputs, {"axis": axis}, name=node.name))
    return _tidied(copy, model, survey)


def _lists(node: ir.Node) -> ir.Node | None:
    """Return the node that lists what a node joins, if it does so along an axis there is."""
    if node.op_type != "ConcatFromSequence" or node.attributes.get_int("new_axis", 0) != 0:
        return None
    made = node.inputs[0].producer() if node.inputs[0] is not None else None
    return made if made is not None and made.op_type == "SequenceConstruct" else None
