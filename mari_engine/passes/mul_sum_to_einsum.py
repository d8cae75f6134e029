"""Weighted sums that are spelled as a product place by place and a sum over it.

`(w * X).sum(axis)`, as attention pools a history and gates mix their experts, writes all of `w * X`
to memory to add it up. As one product it is a matrix product for each candidate, and one for all of
them where the values are the request's.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey, extent
from mari_engine.axes import is_one
from mari_engine.graph import Model, list_numbers, stand_in
from mari_engine.ops import Fact
from mari_engine.passes.contract import _rewritten

_LEAST = 128
"""Elements of a matrix product below which calling it takes longer than writing them."""
_MANY = 128
"""Candidates that one matrix product at least is taken to hold, where it holds all of them."""
_EINSUM_SINCE = 12
_LISTED_SINCE = 13
_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})


@dataclass(frozen=True, eq=False)
class WeightedSum:
    """A sum over what a Mul makes, and the equation that both are."""

    total: ir.Node
    equation: str
    kept: tuple[int, ...]
    """Axes over which the sum runs and that its result has still, of extent 1."""


def find_weighted_sums(graph: ir.Graph, survey: Survey, keep: Collection[str]) -> list[WeightedSum]:
    """Return the sums of `graph` that are faster as products; none of a node named in `keep`."""
    if graph.opset_imports.get("", 0) < _EINSUM_SINCE:
        return []
    found = list[WeightedSum]()
    for node in graph:
        factor = _factors(node, survey)
        if factor is None or {node.name, factor.name} & set(keep):
            continue
        facts = [survey.values.get(value) for value in factor.inputs if value is not None]
        result = survey.values.get(factor.outputs[0])
        if result is not None and len(facts) == 2:
            one = _equation(node, facts, result, survey)
            found += [] if one is None else [one]
    return found


def _factors(node: ir.Node, survey: Survey) -> ir.Node | None:
    """Return the Mul that a sum alone reads."""
    value = node.inputs[0] if node.op_type == "ReduceSum" and node in survey.specs else None
    mul = value.producer() if value is not None else None
    if value is None or mul is None or mul.op_type != "Mul" or mul not in survey.specs:
        return None
    alone = len(value.uses()) == 1 and not value.is_graph_output()
    return mul if alone and mul.inputs[0] is not mul.inputs[1] else None


def _equation(
    node: ir.Node, facts: Sequence[Fact | None], result: Fact, survey: Survey
) -> WeightedSum | None:
    rank, over = len(result.axes), _reduced(node, len(result.axes), survey)
    given = [fact for fact in facts if fact is not None and len(fact.axes) == rank]
    if len(given) < 2 or any(fact.dtype not in _FLOATS for fact in given):
        return None
    shared = [all(not is_one(fact.axes[at]) for fact in given) for at in range(rank)]
    matrix = [axis for at, axis in enumerate(result.axes) if at in over or not shared[at]]
    size = extent(tuple(dim for axis in matrix for dim in axis), _MANY)
    if not any(shared[at] for at in over) or size < _LEAST:
        return None
    letters, words = iter(string.ascii_letters), ["", ""]
    main = [next(letters) for _ in range(rank)]
    for at in range(rank):
        for operand, fact in enumerate(given):
            spread = is_one(fact.axes[at]) and not is_one(result.axes[at])
            words[operand] += next(letters) if spread else main[at]
    output = "".join(main[at] for at in range(rank) if at not in over)
    kept = tuple(sorted(over)) if node.attributes.get_int("keepdims", 1) else ()
    return WeightedSum(node, f"{words[0]},{words[1]}->{output}", kept)


def _reduced(node: ir.Node, rank: int, survey: Survey) -> set[int]:
    """Return the axes over which a sum runs, counted from the front; none where it adds nothing."""
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


def contract_sum(found: WeightedSum, node: ir.Node, model: ir.Model) -> None:
    """Put a product in the place of `node`, the sum itself or its copy in `model`."""
    total = node.inputs[0]
    mul = total.producer() if total is not None else None
    assert mul is not None
    equation = {"equation": found.equation}
    new = [ir.node("Einsum", mul.inputs, equation, name=f"{node.name}/Einsum")]
    if found.kept:
        axes, attributes = [], {"axes": list(found.kept)}
        if model.graph.opset_imports[""] >= _LISTED_SINCE:
            axes, attributes = [list_numbers(model, f"{node.name}/axes", list(found.kept))], {}
        read = [*new[0].outputs, *axes]
        new.append(ir.node("Unsqueeze", read, attributes, name=f"{node.name}/Unsqueeze"))
    stand_in(node, new)


def _without_weighted_sums(
    model: Model, survey: Survey, keep: Collection[str]
) -> tuple[Model, Survey]:
    """Write sums of products that are made place by place as the products that they are."""
    found = find_weighted_sums(model.ir.graph, survey, keep)
    return _rewritten(
        model, survey, found, lambda each, twins, copy: contract_sum(each, twins[each.total], copy)
    )
