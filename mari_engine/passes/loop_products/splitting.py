"""Products of joined operands in a body, split where a part reads no state.

    Loop(s) { t = f(MatMul(Concat(x, s), W)) }
    ->  Loop(s) { t = f(MatMul(x, W1) + MatMul(s, W2)) }

with x: `[N, E]`, s: `[N, H]`, W: `[E+H, K]`. A cell that is written as one product of its input and
its state, as TensorFlow's are, reads the state as a whole. The input's share reads none, and
`hoisting` makes it for all steps: one product, and of a history that all candidates share it is
made once per request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import captured_values, list_bodies, list_numbers
from mari_engine.ops import before_rounding
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each
from mari_engine.passes.loop_products.steps import (
    PRODUCTS,
    Step,
    check_order,
    loops_in,
    new_before,
    steps_of,
)

_LEAST = 4
"""Columns of a share below which the sum that joins it again takes as long as it saves."""


@dataclass(frozen=True)
class JoinedProduct:
    """A product of a body, by its place there, and what the Concat before it joins."""

    place: int
    bounds: tuple[int, ...]
    """Where each part's rows of the weights begin, and where the last one's end."""
    stateless: tuple[bool, ...]
    """By part: whether it reads no state."""


@dataclass(frozen=True, eq=False)
class JoinedProducts:
    """A Scan or Loop, and the products in it that read the state with something else."""

    loop: ir.Node
    products: tuple[JoinedProduct, ...]

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Scan or Loop."""
        return (self.loop,)


def find_joined_products(graph: ir.Graph, survey: Survey) -> Iterator[JoinedProducts | Refusal]:
    """Yield each Scan and Loop with products of the state joined with columns of something else."""
    rounded = before_rounding(graph)
    return match_each(loops_in(graph), partial(_match, rounded=rounded))


def _match(node: ir.Node, rounded: frozenset[ir.Node]) -> JoinedProducts | None:
    (body,) = list_bodies(node)
    outside, steps = set(captured_values(node)), steps_of(node)
    found = list[JoinedProduct]()
    for place, inner in enumerate(body):
        joined = _joined(inner, outside)
        if joined is None:
            continue
        stateless = tuple(value in outside or value in steps for value in joined)
        bounds = _bounds(inner, joined, steps)
        if bounds is None or all(stateless) or not _pays(bounds, stateless):
            continue
        found.append(JoinedProduct(place, bounds, stateless))
    if not found:
        return None
    check_order(node, rounded)
    return JoinedProducts(node, tuple(found))


def _joined(product: ir.Node, outside: set[ir.Value]) -> list[ir.Value] | None:
    """Return what a product with weights from outside reads the columns of, joined."""
    if product.op_type not in PRODUCTS or product.domain not in STANDARD:
        return None
    plain = all(product.attributes.get_float(name, 1.0) == 1.0 for name in ("alpha", "beta"))
    if (
        not plain
        or product.attributes.get_int("transA", 0) != 0
        or product.outputs[0].is_graph_output()
    ):
        return None
    if any(value not in outside for value in product.inputs[1:]):
        return None
    join = product.inputs[0].producer() if product.inputs[0] is not None else None
    if join is None or join.op_type != "Concat" or join.domain not in STANDARD:
        return None
    axis = join.attributes.get_int("axis", 0)
    if axis != -1 and not (axis == 1 and product.op_type == "Gemm"):
        return None
    parts = [value for value in join.inputs if value is not None]
    return parts if len(parts) == len(join.inputs) else None


def _bounds(
    product: ir.Node, parts: Sequence[ir.Value], steps: Mapping[ir.Value, Step]
) -> tuple[int, ...] | None:
    """Return where each part's rows of the weights begin, and the end; None: it is not known."""
    weights = product.inputs[1]
    shape = weights.shape if weights is not None else None
    if shape is None or len(shape) != 2:
        return None
    rows = shape[1 if product.attributes.get_int("transB", 0) else 0]
    known = [_width(value, steps.get(value)) for value in parts]
    if not isinstance(rows, int) or known.count(None) > 1:
        return None
    rest = rows - sum(width or 0 for width in known)
    widths = [rest if width is None else width for width in known]
    bounds = tuple(accumulate(widths, initial=0))
    return bounds if bounds[-1] == rows and min(widths) > 0 else None


def _width(value: ir.Value, step: Step | None) -> int | None:
    """Return the number of columns."""
    shape = value.shape if step is None else step.outer.shape
    if shape is None or not len(shape):
        return None
    if step is not None and step.axis % len(shape) == len(shape) - 1:
        return None
    return shape[-1] if isinstance(shape[-1], int) else None


def _pays(bounds: Sequence[int], stateless: Sequence[bool]) -> bool:
    """Return whether what leaves the body is more than the sum that stays in its place."""
    widths = (end - start for start, end in pairwise(bounds))
    return sum(width for width, once in zip(widths, stateless, strict=True) if once) >= _LEAST


# --- writing


def write_split(found: JoinedProducts, copy: Copy) -> None:
    """Put a sum of products in the place of each, one for each part that reads no state."""
    loop = copy.node(found.loop)
    (body,) = list_bodies(loop)
    inner = list(body)
    for product in found.products:
        _Writer(copy.model, loop, body, inner[product.place]).split(product)


class _Writer:
    """Writes the shares of one product of a body, and their sum."""

    def __init__(self, model: ir.Model, loop: ir.Node, body: ir.Graph, product: ir.Node) -> None:
        self._model, self._loop, self._body, self._old = model, loop, body, product

    def split(self, found: JoinedProduct) -> None:
        """Put the sum of all shares in the product's place."""
        join = self._old.inputs[0]
        assert join is not None
        maker = join.producer()
        assert maker is not None
        pieces = list(zip(maker.inputs, pairwise(found.bounds), found.stateless, strict=True))
        first = min(rows[0] for _, rows, once in pieces if once)
        shares = [
            self._share(value, [rows], str(rows[0]), biased=rows[0] == first)
            for value, rows, once in pieces
            if once
        ]
        kept = [(value, rows) for value, rows, once in pieces if not once]
        values = [value for value, _ in kept]
        if len(values) > 1:
            values = [self._node("Concat", values, "joined", axis=-1)]
        result = self._share(values[0], [rows for _, rows in kept], "state", biased=False)
        for at, share in enumerate(shares):
            result = self._node("Add", [share, result], f"sum_{at}")
        old = self._old.outputs[0]
        result.type, result.shape = old.type, old.shape
        old.replace_all_uses_with(result)
        self._body.remove(self._old, safe=True)

    def _share(
        self, value: ir.Value | None, rows: Sequence[tuple[int, int]], name: str, *, biased: bool
    ) -> ir.Value:
        """Return the product with these rows of the weights; the bias goes with one share."""
        bias = self._old.inputs[2:] if biased else ()
        weights = self._weights(rows, name)
        attributes = {"transB": 1} if self._turned else {}
        return self._node(self._old.op_type, [value, weights, *bias], f"of_{name}", **attributes)

    @property
    def _turned(self) -> bool:
        return bool(self._old.attributes.get_int("transB", 0))

    def _weights(self, rows: Sequence[tuple[int, int]], name: str) -> ir.Value:
        """Return rows of the weights, sliced in front of the Scan or Loop."""
        axis = int(self._turned)
        made = [self._sliced(each, axis, name) for each in rows]
        if len(made) == 1:
            return made[0]
        return new_before(self._loop, "Concat", made, self._old, axis=axis)

    def _sliced(self, rows: tuple[int, int], axis: int, name: str) -> ir.Value:
        bounds = [
            list_numbers(self._model, f"{self._name(name)}/{what}_{rows[0]}", [number])
            for what, number in (("start", rows[0]), ("end", rows[1]), ("axis", axis))
        ]
        inputs = [self._old.inputs[1], *bounds]
        return new_before(self._loop, "Slice", inputs, self._old, part=f"_{rows[0]}")

    def _node(
        self, op: str, inputs: Sequence[ir.Value | None], name: str, **attributes: object
    ) -> ir.Value:
        node = ir.node(op, inputs, attributes, name=self._name(name))
        node.outputs[0].name = f"{node.name}:0"
        node.metadata_props.update(self._old.metadata_props)
        self._body.insert_before(self._old, [node])
        return node.outputs[0]

    def _name(self, name: str) -> str:
        return f"{self._loop.name}/{self._old.name or self._old.outputs[0].name}/{name}"


SPLIT_IN_BODIES = Pass("split in bodies", find_joined_products, write_split)
