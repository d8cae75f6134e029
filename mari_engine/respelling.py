"""Another spelling of a model that the rewriter can work on.

What runtimes fused is taken apart, loops over bags become reductions, and an attention whose mask
keeps its first rows from the last columns becomes one for each block of rows.

The original keeps its spelling: what is measured and what is left alone is the model as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.bagging import Bags, find_bags
from mari_engine.branching import take_branch
from mari_engine.facts import Survey, survey
from mari_engine.in_place import leave_in_place, values_by_name
from mari_engine.leaking import find_leaks, rename_leak
from mari_engine.loading import Model
from mari_engine.masking import find_masked
from mari_engine.numbering import list_numbers
from mari_engine.padding import find_paddings, join_padding
from mari_engine.parting import part_rows
from mari_engine.provenance import STANDS_FOR, stands_for
from mari_engine.replacing import become
from mari_engine.shaping import infer_shapes
from mari_engine.sizes import static
from mari_engine.summing import contract_sum, find_weighted_sums
from mari_engine.types import Cost, Flops
from mari_engine.unfusing import fused, unfuse
from mari_engine.workload import count_graph


def respell(model: Model, known: Survey, keep: Collection[str] = ()) -> tuple[Model, Survey]:
    """Return a model of the same function, inputs and outputs, with its survey.

    It is the model itself where nothing is to be spelled anew. `keep` names nodes that must stay.
    Values and nodes that stay keep their names.
    """
    if fused(model.ir.graph, keep):
        plain = model.ir.clone()
        unfuse(plain, keep)
        model = Model(plain, model.name)
        known = survey(model, known.symbols)
    model, known = _without_choices(model, known, keep)
    model, known = _without_loops(model, known, keep)
    model, known = _without_lists(model, known, keep)
    model, known = _without_paddings(model, known, keep)
    model, known = _without_leaks(model, known, keep)
    still = leave_in_place(model, known, keep)
    if still is not None:
        model, known = _tidied(still.ir, model, known)
    model, known = _in_row_blocks(model, known, keep)
    return _without_weighted_sums(model, known, keep)


def _without_choices(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Put the branch that is taken in the place of each If whose condition the survey tells."""
    while decided := _decided(model, known, keep):
        copy, took = model.ir.clone(), False
        for node in [node for node in copy.graph if node.name in decided]:
            moved = take_branch(node, chosen=decided[node.name])
            took = took or moved is not None
            for each in moved or ():
                each.metadata_props[STANDS_FOR] = stands_for(node)
        if not took:
            break
        model, known = _tidied(copy, model, known)
    return model, known


def _decided(model: Model, known: Survey, keep: Collection[str]) -> dict[str | None, bool]:
    """Return for each If, by name, which way it always goes, where that is known."""
    found = {}
    for node in model.ir.graph:
        condition = node.inputs[0] if node.op_type == "If" and node.name not in keep else None
        fact = known.values.get(condition) if condition is not None else None
        told = fact.uniform if fact is not None else None
        if isinstance(told, bool):
            found[node.name] = told
    return found


def _without_loops(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write loops over bags as reductions."""
    found = [bags for bags in find_bags(model.ir.graph, known) if bags.loop.name not in keep]
    if not found:
        return model, known
    copy = model.ir.clone()
    values = values_by_name(copy.graph)
    loops = [node for node in copy.graph if node.op_type == "Loop"]
    for bags in found:
        _reduce(bags, copy, values, known)
    passes.RemoveUnusedNodesPass()(copy)
    for node in loops:
        if node.graph is None:
            _let_go(node)
    return _tidied(copy, model, known)


def _without_lists(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write the joining of a list of tensors that is made there as a join."""
    if not any(_lists(node) is not None and node.name not in keep for node in model.ir.graph):
        return model, known
    copy = model.ir.clone()
    for node in list(copy.graph):
        listed = _lists(node)
        if listed is None or node.name in keep:
            continue
        axis = node.attributes.get_int("axis")
        become(node, ir.node("Concat", listed.inputs, {"axis": axis}, name=node.name))
    return _tidied(copy, model, known)


def _lists(node: ir.Node) -> ir.Node | None:
    """Return the node that lists what a node joins, if it does so along an axis there is."""
    if node.op_type != "ConcatFromSequence" or node.attributes.get_int("new_axis", 0) != 0:
        return None
    made = node.inputs[0].producer() if node.inputs[0] is not None else None
    return made if made is not None and made.op_type == "SequenceConstruct" else None


def _without_paddings(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write columns of one number that are put beside others as a join."""
    found = find_paddings(model.ir.graph, known, keep)
    return _rewritten(
        model, known, found, lambda each, twins, copy: join_padding(each, twins[each.node], copy)
    )


def _without_leaks(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write a PRelu of one slope as the LeakyRelu that it is."""
    found = find_leaks(model.ir.graph, known, keep)
    return _rewritten(model, known, found, lambda node, twins, copy: rename_leak(twins[node]))


def _in_row_blocks(model: Model, known: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Write attentions apart for the rows that their mask keeps from the last columns."""
    found = [
        masked
        for masked in find_masked(model.ir.graph, known)
        if not any(node.name in keep for node in masked.nodes)
    ]
    return _rewritten(
        model, known, found, lambda each, twins, copy: part_rows(each.in_copy(twins), copy)
    )


def _without_weighted_sums(
    model: Model, known: Survey, keep: Collection[str]
) -> tuple[Model, Survey]:
    """Write sums of products that are made place by place as the products that they are."""
    found = find_weighted_sums(model.ir.graph, known, keep)
    return _rewritten(
        model, known, found, lambda each, twins, copy: contract_sum(each, twins[each.total], copy)
    )


Found = TypeVar("Found")


def _rewritten(
    model: Model, known: Survey, found: Sequence[Found],
    write: Callable[[Found, Mapping[ir.Node, ir.Node], ir.Model], None],
) -> tuple[Model, Survey]:  # fmt: skip
    """Write all that was found anew in a copy, where there is something; `write` gets the twins."""
    if not found:
        return model, known
    copy = model.ir.clone()
    twins = dict(zip(model.ir.graph, copy.graph, strict=True))
    for each in found:
        write(each, twins, copy)
    return _tidied(copy, model, known)


def _tidied(copy: ir.Model, model: Model, known: Survey) -> tuple[Model, Survey]:
    passes.RemoveUnusedNodesPass()(copy)
    infer_shapes(copy)
    spelled = Model(copy, model.name)
    return spelled, survey(spelled, known.symbols)


def _reduce(bags: Bags, model: ir.Model, values: dict[str | None, ir.Value], known: Survey) -> None:
    """Put a reshape, the lookup and a reduction in the place of a loop."""
    rows, old = bags.rows, values[bags.result.name]
    axes = known.fact(rows.source).axes
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


def counted_for(original: Cost, spelled: Model, known: Survey) -> Cost:
    """Return the original's cost, its work as the plainer spelling tells it, by its own nodes.

    A loop keeps what it is paid for, going around included; its FLOPs are those of what stands
    for it.
    """
    plain = count_graph(spelled.ir.graph, known)
    nodes, works = dict.fromkeys(original.nodes, Flops()), dict(original.works)
    for node in spelled.ir.graph:
        own = node.name or ""
        name = stands_for(node)
        nodes[name] = nodes.get(name, Flops()) + plain.nodes[own]
        if name == own:
            works[name] = plain.works[own]
    return replace(plain, nodes=nodes, works=works)
