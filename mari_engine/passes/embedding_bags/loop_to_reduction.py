"""EmbeddingBag loops written as one lookup and one reduction.

    Loop over bags: ReduceSum(Gather(table, ids[offsets[i]:offsets[i + 1]]))
        ->  ReduceSum(Gather(table, Reshape(ids, [-1, step])), axes=[1])

    ids [count * step] -> [count, step], Gather -> [count, step, D], reduced -> [count, D]

A Loop is opaque to the column rules, so nothing behind it would be split; and it runs one small
reduction a candidate.
"""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.graph import STANDS_FOR, list_numbers
from mari_engine.passes.contract import Copy, Pass
from mari_engine.passes.embedding_bags.matching import BagLoop, find_bag_loops


def write_reduction(bags: BagLoop, copy: Copy) -> None:
    """Put a Reshape, the lookup and a reduction in the place of a loop."""
    old = copy.value(bags.result)
    node, stem = old.producer(), bags.loop.name or "bags"
    assert node is not None
    assert node.graph is not None
    new = _nodes(bags, copy, stem)
    for each in new:
        each.metadata_props.update(bags.loop.metadata_props)
        each.metadata_props[STANDS_FOR] = stem
        each.outputs[0].name = f"{each.name}:0"
    node.graph.insert_before(node, new)
    result = new[-1].outputs[0]
    result.type = bags.result.type
    output = old.is_graph_output()
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    result.name, old.name = old.name, f"{stem}/was" if output else f"{old.name}/was"


def _nodes(bags: BagLoop, copy: Copy, stem: str) -> list[ir.Node]:
    rows, model = bags.rows, copy.model
    shape = list_numbers(model, f"{stem}/shape", [-1, rows.step, *bags.inner])
    new = [ir.node("Reshape", [copy.value(rows.source), shape], name=f"{stem}/Reshape")]
    if rows.table is not None:
        looked_up = [copy.value(rows.table), new[-1].outputs[0]]
        new.append(ir.node("Gather", looked_up, name=f"{stem}/Gather"))
    read, axes_by_input = [new[-1].outputs[0]], 13 if bags.op == "ReduceSum" else 18
    attributes: dict[str, int | list[int]] = {"keepdims": 0}
    if model.graph.opset_imports[""] >= axes_by_input:
        read.append(list_numbers(model, f"{stem}/axis", [1]))
    else:
        attributes["axes"] = [1]
    return [*new, ir.node(bags.op, read, attributes, name=f"{stem}/{bags.op}")]


EMBEDDING_BAGS = Pass("embedding bags", find_bag_loops, write_reduction)
