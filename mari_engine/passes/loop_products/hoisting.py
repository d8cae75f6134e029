"""Products hoisted out of bodies: what reads no state is one product for all steps.

    Scan(s, X) { t = f(s, MatMul(x, W)) }              ->  Scan(s, MatMul(X, W)) { t = f(s, p) }
    Loop(n, s) { t = f(s, MatMul(Gather(X, i), W)) }   ->  P = MatMul(X, W)
                                                           Loop(n, s) { t = f(s, Gather(P, i)) }
    Loop(n, s) { t = f(s, MatMul(u, W)) }              ->  p = MatMul(u, W), Loop(n, s) { f(s, p) }

with X: `[L, N, E]`, W: `[E, H]`. A recurrence over the user's history that starts from the item, as
DIEN's AUGRU, projects each step of the history alone: loop-invariant along the candidates, so that
all steps are one product that keeps one row. Loop fission, https://arxiv.org/abs/1809.03672 (DIEN).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import captured_values, list_bodies
from mari_engine.ops import before_rounding
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each
from mari_engine.passes.loop_products.steps import (
    PRODUCTS,
    Step,
    check_order,
    loops_in,
    new_before,
    sequences_of,
    steps_of,
)


@dataclass(frozen=True, eq=False)
class Hoisted:
    """A product of a body: its place among the body's nodes, and what it multiplies."""

    place: int
    source: ir.Value | Step
    """A tensor outside, the same at each step; or one of its steps."""


@dataclass(frozen=True, eq=False)
class InvariantProducts:
    """A Scan or Loop, and the products in it that read no state."""

    loop: ir.Node
    products: tuple[Hoisted, ...]

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Scan or Loop."""
        return (self.loop,)


def find_invariant_products(
    graph: ir.Graph, survey: Survey
) -> Iterator[InvariantProducts | Refusal]:
    """Yield each Scan and Loop with products that read no state."""
    rounded = before_rounding(graph)
    return match_each(loops_in(graph), partial(_match, survey=survey, rounded=rounded))


def _match(node: ir.Node, survey: Survey, rounded: frozenset[ir.Node]) -> InvariantProducts | None:
    (body,) = list_bodies(node)
    outside = set(captured_values(node))
    inside = steps_of(node)
    found = list[Hoisted]()
    for place, inner in enumerate(body):
        read = inner.inputs[0] if inner.op_type in PRODUCTS and inner.inputs else None
        source = read if read in outside else inside.get(read) if read is not None else None
        if source is not None and _can_be_lifted(inner, source, outside, survey):
            found.append(Hoisted(place, source))
    if not found:
        return None
    check_order(node, rounded)
    return InvariantProducts(node, tuple(found))


def _can_be_lifted(
    product: ir.Node, source: ir.Value | Step, outside: set[ir.Value], survey: Survey
) -> bool:
    """Return True for a product with weights from outside whose other operand has more rows so."""
    if product.domain not in STANDARD or product.outputs[0].is_graph_output():
        return False
    if any(value not in outside for value in product.inputs[1:]):
        return False
    ranks = [_rank(value, survey) for value in product.inputs[1:]]
    if not isinstance(source, Step):
        return None not in ranks
    rank = _rank(source.outer, survey)
    scaled = any(product.attributes.get_float(name, 1.0) != 1.0 for name in ("alpha", "beta"))
    if rank is None or ranks[0] != 2 or scaled or product.attributes.get_int("transA", 0) != 0:
        return False
    vector = len(ranks) == 1 or (ranks[1] is not None and ranks[1] <= 1)
    return vector and source.axis % rank < rank - 1


def _rank(value: ir.Value | None, survey: Survey) -> int | None:
    fact = survey.values.get(value) if value is not None else None
    return len(fact.axes) if fact is not None else None


# --- writing


def write_outside(found: InvariantProducts, copy: Copy) -> None:
    """Put the products before the Scan or Loop, and their results in their places."""
    loop = copy.node(found.loop)
    (body,) = list_bodies(loop)
    inner = list(body)
    for product in found.products:
        old = inner[product.place]
        if not isinstance(product.source, Step):
            made = new_before(loop, old.op_type, old.inputs, old)
        else:
            made = _lifted(loop, copy.value(product.source.outer), old)
        if isinstance(product.source, Step) and loop.op_type == "Scan":
            made = _scanned(loop, body, made, product.source, old)
        elif isinstance(product.source, Step):
            made = _looked_up(body, made, product.source, old)
        old.outputs[0].replace_all_uses_with(made)
        body.remove(old, safe=True)
    if loop.op_type == "Scan":
        _drop_unread(loop, body)


def _lifted(loop: ir.Node, table: ir.Value, old: ir.Node) -> ir.Value:
    """Return `X W + c` for all steps."""
    weights = old.inputs[1]
    if old.attributes.get_int("transB", 0):
        weights = new_before(loop, "Transpose", [weights], old, perm=[1, 0])
    made = new_before(loop, "MatMul", [table, weights], old)
    bias = old.inputs[2] if len(old.inputs) > 2 else None
    return made if bias is None else new_before(loop, "Add", [made, bias], old)


def _scanned(loop: ir.Node, body: ir.Graph, made: ir.Value, step: Step, old: ir.Node) -> ir.Value:
    """Return one step of the product, as an element of one more sequence that is scanned."""
    axes, reverse = sequences_of(loop)
    _set_scanned(loop, [*axes, step.axis], [*reverse, int(step.reverse)])
    loop.resize_inputs(len(loop.inputs) + 1)
    loop.replace_input_with(len(loop.inputs) - 1, made)
    result = old.outputs[0]
    element = ir.Value(name=f"{loop.name}/{result.name}", type=result.type, shape=result.shape)
    body.inputs.append(element)
    return element


def _set_scanned(loop: ir.Node, axes: list[int], reverse: list[int]) -> None:
    loop.attributes["num_scan_inputs"] = ir.AttrInt64("num_scan_inputs", len(axes))
    loop.attributes["scan_input_axes"] = ir.AttrInt64s("scan_input_axes", axes)
    loop.attributes["scan_input_directions"] = ir.AttrInt64s("scan_input_directions", reverse)


def _looked_up(body: ir.Graph, made: ir.Value, step: Step, old: ir.Node) -> ir.Value:
    """Return one step of the product, looked up by the number of the step."""
    given = {"axis": step.axis}
    name = f"{old.name}/Gather"
    look_up = ir.node("Gather", [made, body.inputs[0]], given, name=name)
    look_up.outputs[0].name = f"{name}:0"
    body.insert_before(old, [look_up])
    return look_up.outputs[0]


def _drop_unread(loop: ir.Node, body: ir.Graph) -> None:
    """Take away the sequences that nothing in a Scan reads any more."""
    axes, reverse = sequences_of(loop)
    count = len(axes)
    states = len(loop.inputs) - count
    read = [at for at in range(count) if body.inputs[states + at].uses()
            or body.inputs[states + at].is_graph_output()]  # fmt: skip
    read = read or [0]  # it tells how many steps there are
    if len(read) == count:
        return
    kept = [*range(states), *(states + at for at in read)]
    outer, inner = [loop.inputs[at] for at in kept], [body.inputs[at] for at in kept]
    while body.inputs:
        body.inputs.pop()
    body.inputs.extend(inner)
    loop.resize_inputs(len(kept))
    for at, value in enumerate(outer):
        loop.replace_input_with(at, value)
    _set_scanned(loop, [axes[at] for at in read], [reverse[at] for at in read])


HOIST_FROM_BODIES = Pass("hoist from bodies", find_invariant_products, write_outside)
