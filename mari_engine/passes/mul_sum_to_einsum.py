"""Multiply-and-sum contracted: a sum over an elementwise product is an Einsum.

    ReduceSum(Mul(w, X), axes=[1])  ->  Einsum("nld,nld->nd", w, X)
    [N, L, 1] x [N, L, D]               e.g. "abd,abc->ac" where w has extent 1 along d

`(w * X).sum(axis)`, as attention pools a history and gates mix their experts, writes all N L D
products to memory to add them up. Contracted, it is a matrix product for each candidate, and one
for all candidates where X is the request's. https://onnx.ai/onnx/operators/onnx__Einsum.html
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey, extent
from mari_engine.axes import Unsupported, is_one
from mari_engine.graph import list_numbers, replace_by_nodes
from mari_engine.ops import Fact
from mari_engine.passes.contract import Copy, Pass, Refusal, match_each
from mari_engine.passes.summed_products import summed_axes, summed_product

_LEAST = 128
"""Elements of a matrix product below which calling it takes longer than writing them."""
_MANY = 128
"""Candidates that one matrix product at least is taken to hold, where it holds all of them."""
_EINSUM_SINCE = 12
"""The opset that Einsum came with."""
_AXES_BY_INPUT = 13
"""The opset from which on Unsqueeze reads its axes."""
_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})


@dataclass(frozen=True, eq=False)
class WeightedSum:
    """A sum over the elementwise product of two tensors, and the equation that both are."""

    product: ir.Node
    total: ir.Node
    equation: str
    unit_axes: tuple[int, ...]
    """Summed axes that the result still has, with extent 1 (keepdims)."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Mul and the ReduceSum."""
        return self.product, self.total


def find_weighted_sums(graph: ir.Graph, survey: Survey) -> Iterable[WeightedSum | Refusal]:
    """Return the sums of a graph that are faster as contractions."""
    if graph.opset_imports.get("", 0) < _EINSUM_SINCE:
        return ()
    return match_each(graph, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> WeightedSum | None:
    product = summed_product(node, survey)
    if product is None:
        return None
    facts = [survey.values.get(value) for value in product.inputs if value is not None]
    result = survey.values.get(product.outputs[0])
    if result is None or len(facts) != 2:
        return None
    over = summed_axes(node, len(result.axes), survey)
    equation = _equation(facts, result, over)
    unit_axes = tuple(sorted(over)) if node.attributes.get_int("keepdims", 1) else ()
    return WeightedSum(product, node, equation, unit_axes)


def _equation(facts: Sequence[Fact | None], result: Fact, over: set[int]) -> str:
    """Return the einsum equation of a product summed over the axes `over`.

    A factor of extent 1 along an axis of the product gets a letter of its own there, which the
    contraction sums away: adding up one element.
    """
    rank = len(result.axes)
    factors = [fact for fact in facts if fact is not None and len(fact.axes) == rank]
    if len(factors) < 2 or any(fact.dtype not in _FLOATS for fact in factors):
        raise Unsupported("its factors are not two floating-point tensors of one rank")
    shared = [all(not is_one(fact.axes[at]) for fact in factors) for at in range(rank)]
    if not any(shared[at] for at in over):
        raise Unsupported("no axis that both factors have is summed")
    matrix = [axis for at, axis in enumerate(result.axes) if at in over or not shared[at]]
    if extent(tuple(dim for axis in matrix for dim in axis), _MANY) < _LEAST:
        raise Unsupported("a product so small takes longer than its elements")
    letters, terms = iter(string.ascii_letters), ["", ""]
    main = [next(letters) for _ in range(rank)]
    for at in range(rank):
        for operand, fact in enumerate(factors):
            spread = is_one(fact.axes[at]) and not is_one(result.axes[at])
            terms[operand] += next(letters) if spread else main[at]
    output = "".join(main[at] for at in range(rank) if at not in over)
    return f"{terms[0]},{terms[1]}->{output}"


def write_einsum(found: WeightedSum, copy: Copy) -> None:
    """Put an Einsum, and an Unsqueeze for axes that stay, in the place of the sum."""
    node, mul = copy.node(found.total), copy.node(found.product)
    equation = {"equation": found.equation}
    new = [ir.node("Einsum", mul.inputs, equation, name=f"{node.name}/Einsum")]
    if found.unit_axes:
        axes, attributes = [], {"axes": list(found.unit_axes)}
        if copy.model.graph.opset_imports[""] >= _AXES_BY_INPUT:
            listed = list_numbers(copy.model, f"{node.name}/axes", list(found.unit_axes))
            axes, attributes = [listed], {}
        read = [*new[0].outputs, *axes]
        new.append(ir.node("Unsqueeze", read, attributes, name=f"{node.name}/Unsqueeze"))
    replace_by_nodes(node, new)


MUL_SUM_TO_EINSUM = Pass("mul sum to einsum", find_weighted_sums, write_einsum)
