"""Pairs of fields as a product: the sums over products of pairs are places of `F F^T`.

    ReduceSum(Mul(Concat(f_0, f_0, f_1), Concat(f_1, f_2, f_2)), axes=[2])
    ->  Gather(Reshape(MatMul(F, F^T), [N, T T]), [0 T + 1, 0 T + 2, 1 T + 2])
    [N, P, E] x [N, P, E] -> [N, P]          F = Concat(f_0, f_1, f_2): [N, T, E]

PNN's inner products, as deepctr-torch (Concats of P fields) and RecBole (picks of rows) write them,
copy each field as often as it has partners. As one product each is read once, and the pairs of the
request's fields are the request's. https://arxiv.org/abs/1611.00144
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Axes, Join, Pick, Unsupported, flat, static
from mari_engine.graph import list_numbers, replace_by_nodes
from mari_engine.passes.contract import Copy, Pass, Refusal, match_each
from mari_engine.passes.summed_products import summed_axes, summed_product

_FEWEST = 10
"""Fields from which on the product takes less time than copies of them."""
_SPARSE = 4
"""Places of the product for each pair, beyond which most of it is in vain."""
_MOST = 1 << 14
"""Pairs that are followed back at most."""
_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})

Field = tuple[ir.Value, int]
"""A value `[N, F, E]`, and one of its F rows."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sums over products of pairs of fields."""

    product: ir.Node
    total: ir.Node
    values: tuple[ir.Value, ...]
    """What the fields are rows of, each `[N, F, E]`."""
    width: int
    """The rows T of all of them."""
    places: tuple[int, ...]
    """By pair, its place in the product of all fields with all."""
    keepdims: bool

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Mul and the ReduceSum."""
        return self.product, self.total


def find_pairs(graph: ir.Graph, survey: Survey) -> Iterable[Pairs | Refusal]:
    """Return the sums of a graph that are products of fields with fields."""
    return match_each(graph, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> Pairs | None:
    try:
        product = summed_product(node, survey)
    except Unsupported:  # another pass gives the reason
        return None
    if product is None:
        return None
    facts = [survey.values.get(value) for value in (*product.inputs, *product.outputs) if value]
    axes = [fact.axes for fact in facts if fact is not None and fact.dtype in _FLOATS]
    if len(axes) != 3 or len(axes[0]) != 3 or any(each != axes[0] for each in axes):
        return None
    if summed_axes(node, 3, survey) != {2}:
        return None
    sides = [_fields(value, survey) for value in product.inputs if value is not None]
    starts, width = dict[ir.Value, int](), 0
    for value, _ in (*sides[0], *sides[1]):
        if value not in starts:
            starts[value] = width
            width += _count(survey.fact(value).axes)
    if width < _FEWEST or width * width > _SPARSE * len(sides[0]):
        return None
    places = tuple(
        (starts[a] + i) * width + starts[b] + j for (a, i), (b, j) in zip(*sides, strict=True)
    )
    keepdims = bool(node.attributes.get_int("keepdims", 1))
    return Pairs(product, node, tuple(starts), width, places, keepdims)


def _fields(value: ir.Value, survey: Survey) -> list[Field]:
    """Return the fields that a value `[N, P, E]` holds, in order."""
    node, axes = value.producer(), survey.fact(value).axes
    spec = None if node is None else survey.specs.get(node)
    if (
        node is not None
        and isinstance(spec, Join)
        and _along_fields(spec.results[0], spec.position)
    ):
        return [field for each in node.inputs if each for field in _fields(each, survey)]
    read = None if node is None else node.inputs[0]
    if node is None or read is None or not isinstance(spec, Pick) or len(spec.axes(0)) != 3:
        return [(value, at) for at in range(_count(axes))]
    if not _along_fields(spec.axes(0), spec.position):
        return [(value, at) for at in range(_count(axes))]
    held = _fields(read, survey)
    return [held[at] for at in spec.indices[node.outputs.index(value)].tolist()]


def _along_fields(axes: Axes, position: int) -> bool:
    return len(axes) == 3 and len(axes[1]) == 1 and len(flat(axes[:1])) == position


def _count(axes: Axes) -> int:
    """Return the number of rows along the second axis; Unsupported where it is not known."""
    count = static(axes[1])
    if count is None or count > _MOST:
        raise Unsupported("the number of fields is known only at run time")
    return count


def write_product(found: Pairs, copy: Copy) -> None:
    """Put the product of all fields with all, and a pick of its places, in the place of the sum."""
    node, model = copy.node(found.total), copy.model
    new = list[ir.Node]()

    def emit(op: str, *inputs: ir.Value, **attributes: object) -> ir.Value:
        name = f"{node.name}/{op}"
        new.append(ir.node(op, list(inputs), attributes, name=name))
        return new[-1].outputs[0]

    fields = [copy.value(value) for value in found.values]
    joined = fields[0] if len(fields) == 1 else emit("Concat", *fields, axis=1)
    squares = emit("MatMul", joined, emit("Transpose", joined, perm=[0, 2, 1]))
    shape = list_numbers(model, f"{node.name}/shape", [0, found.width**2])
    places = list_numbers(model, f"{node.name}/places", list(found.places))
    picked = emit("Gather", emit("Reshape", squares, shape), places, axis=1)
    if found.keepdims:
        column = list_numbers(model, f"{node.name}/column", [0, len(found.places), 1])
        new.append(ir.node("Reshape", [picked, column], name=f"{node.name}/Column"))
    replace_by_nodes(node, new)


PAIRS_TO_PRODUCT = Pass("pairs to product", find_pairs, write_product)
