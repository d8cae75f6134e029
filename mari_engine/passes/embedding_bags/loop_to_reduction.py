"""DOC."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.analysis import Survey
from mari_engine.axes import static
from mari_engine.graph import STANDS_FOR, Model, list_numbers, values_by_name
from mari_engine.passes.contract import _tidied
from mari_engine.passes.embedding_bags.matching import Bags, find_bags


def without_loops(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write loops over bags as reductions."""
    found = [bags for bags in find_bags(model.ir.graph, survey) if bags.loop.name not in keep]
    if not found:
        return model, survey
    copy = model.ir.clone()
    values = values_by_name(copy.graph)
    loops = [node for node in copy.graph if node.op_type == "Loop"]
    for bags in found:
        _reduce(bags, copy, values, survey)
    passes.RemoveUnusedNodesPass()(copy)
    for node in loops:
        if node.graph is None:
            _let_go(node)
    return _tidied(copy, model, survey)


def _reduce(
    bags: Bags, model: ir.Model, values: dict[str | None, ir.Value], survey: Survey
) -> None:
    """Put a reshape, the lookup and a reduction in the place of a loop."""
    rows, old = bags.rows, values[bags.result.name]
    axes = survey.fact(rows.source).axes
    inner = [static(axis) for axis in axes[1:]]
    if any(extent is None for extent in inner):
        return
    node, opset = old.producer(), model.graph.opset_imports[""]
    assert node is not None
    stem = bags.loop.name or "bags"
    shape = list_numbers(
        model, f"{stem}/shape", [-1, rows.step, *(int(extent or 0) for extent in inner)]
    )
    new = [ir.node("Reshape", [values[rows.source.name], shape], name=f"{stem}/Reshape")]
    if rows.table is not None:
        looked = [values[rows.table.name], new[-1].outputs[0]]
        new.append(ir.node("Gather", looked, name=f"{stem}/Gather"))
    read, since = [new[-1].outputs[0]], 13 if bags.op == "ReduceSum" else 18
    attributes: dict[str, int | list[int]] = {"keepdims": 0}
    if opset >= since:
        read.append(list_numbers(model, f"{stem}/axis", [1]))
    else:
        attributes["axes"] = [1]
    new.append(ir.node(bags.op, read, attributes, name=f"{stem}/{bags.op}"))
    for each in new:
        each.metadata_props.update(bags.loop.metadata_props)
        each.metadata_props[STANDS_FOR] = stem
        each.outputs[0].name = f"{each.name}:0"
    assert node.graph is not None
    node.graph.insert_before(node, new)
    result = new[-1].outputs[0]
    result.type = bags.result.type
    output = old.is_graph_output()
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    result.name, old.name = old.name, f"{stem}/was" if output else f"{old.name}/was"


def _let_go(node: ir.Node) -> None:
    """Let the bodies of a node that is gone use nothing outside them."""
    for attribute in node.attributes.values():
        for inner in attribute.as_graph() if attribute.type == ir.AttributeType.GRAPH else ():
            for at in range(len(inner.inputs)):
                inner.replace_input_with(at, None)
            _let_go(inner)
