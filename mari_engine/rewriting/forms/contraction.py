"""Multiplies einsums of tensors out, in the order that is cheapest for many candidates.

What lacks the candidates is paid once: request-side tensors fold once per request, and the
candidates meet what is left. Products of constants are written as nodes, which runtimes fold when
they load the model: rounding them here would make the saved model another function. The path
problem is the one of opt_einsum (https://dgasmith.github.io/opt_einsum/), of few operands.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from mari_engine.axes import CANDIDATES, AxisLabels, Dim, Layout, common_layout, fitted, parted
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import Constant, GraphBuilder, Tensor
from mari_engine.rewriting.forms.lazy_values import Atom, Product

_FREE_EXTENT = 32
"""What an extent other than the candidates' is taken for when only the run knows it."""
_SEARCHED = 6
"""Operands up to which every order is tried."""
_MOVE = 4.0
"""What an element that is read or written costs, in multiplications."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A tensor in a layout of labels."""

    tensor: Tensor
    dims: Layout

    @property
    def labels(self) -> frozenset[int]:
        """The labels along which it varies."""
        return frozenset(label for group in self.dims for label in group)

    @property
    def constant(self) -> Constant | None:
        """The tensor, when its elements are known."""
        return self.tensor if isinstance(self.tensor, Constant) else None


class Contraction:
    """One product being multiplied out."""

    def __init__(
        self, builder: GraphBuilder, product: Product, candidates: int,
        heads: Collection[int] = (),
    ) -> None:  # fmt: skip
        self.builder = builder
        self.heads = heads
        """Labels of the second operand that come first in the result, each a matrix of its own."""
        self.product = product
        self.extents: Mapping[int, Dim] = product.extents()
        self.output = frozenset(label for label in product.output if label >= 0)
        self.candidates = candidates
        self.scale = product.scale
        self.operands = [
            Laid(atom.tensor, tuple(tuple(own[at] for at in group) for group in atom.dims))
            for atom, own in zip(product.operands, product.labels, strict=True)
        ]

    def run(self, row: Atom | None = None) -> tuple[Atom, bool]:
        """Return the product, plus `row` when it could ride along, and whether it did."""
        self._scale_constant()
        while len(self.operands) > 2:
            self._contract(*self._cheapest())
        rider = None if row is None else self._labelled(row)
        if len(self.operands) == 1:
            return self._atom(self._alone(self.operands[0])), False
        left, right = self.operands
        result, rode = self._pair(left, right, self.output, rider, last=True)
        return self._atom(result), rode

    def cost(self) -> float:
        """Return the multiplications and moves of the cheapest order, for many candidates."""
        sets = [(op.labels, op.constant is not None) for op in self.operands]
        if len(sets) == 1:
            return self._elements(sets[0][0])
        return self._search(sets)[0]

    def _scale_constant(self) -> None:
        """Take a power of two, or a sign, into a constant: nothing is rounded by that."""
        scale = self.scale
        at = next((i for i, op in enumerate(self.operands) if op.constant is not None), None)
        if at is None or scale == 1.0 or abs(math.frexp(scale)[0]) != 0.5:
            return
        constant = self.operands[at].constant
        assert constant is not None
        scaled = constant.mapped(lambda array: (array * scale).astype(array.dtype))
        self.operands[at] = replace(self.operands[at], tensor=scaled)
        self.scale = 1.0

    def _labelled(self, row: Atom) -> Laid | None:
        output = self.product.output
        if any(output[at] < 0 for at in row.present):
            return None
        return Laid(row.tensor, tuple(tuple(output[at] for at in group) for group in row.dims))

    def _atom(self, result: Laid) -> Atom:
        place = {label: at for at, label in enumerate(self.product.output) if label >= 0}
        dims = tuple(tuple(place[label] for label in group) for group in result.dims)
        notes = [atom.note for atom in self.product.operands if atom.note]
        return Atom(self.product.axes, result.tensor, dims, notes[0] if notes else "")

    # --- the order

    def _elements(self, labels: frozenset[int]) -> float:
        return math.prod(
            dim if isinstance(dim, int) else self.candidates if dim == CANDIDATES else _FREE_EXTENT
            for dim in (self.extents[label] for label in labels)
        )

    def _cheapest(self) -> tuple[int, int]:
        sets = [(op.labels, op.constant is not None) for op in self.operands]
        if len(sets) <= _SEARCHED:
            return self._search(sets)[1]
        return min(combinations(range(len(sets)), 2), key=lambda pair: self._step(sets, *pair)[0])

    def _step(
        self, sets: Sequence[tuple[frozenset[int], bool]], a: int, b: int
    ) -> tuple[float, list[tuple[frozenset[int], bool]]]:
        (left, known_left), (right, known_right) = sets[a], sets[b]
        rest = [entry for at, entry in enumerate(sets) if at not in (a, b)]
        needed = self.output.union(*(labels for labels, _ in rest))
        result = (left | right) & needed
        constant = known_left and known_right
        sizes = [self._elements(labels) for labels in (left, right, result)]
        if constant and sizes[2] <= sizes[0] + sizes[1]:
            cost = 0.0  # paid when the model is loaded
        else:
            cost = self._elements(left | right) + _MOVE * sum(sizes)
        return cost, [*rest, (result, constant)]

    def _search(self, sets: Sequence[tuple[frozenset[int], bool]]) -> tuple[float, tuple[int, int]]:
        best = (math.inf, (0, 1))
        for pair in combinations(range(len(sets)), 2):
            cost, rest = self._step(sets, *pair)
            if cost < best[0] and len(rest) > 1:
                cost += self._search(rest)[0]
            best = min(best, (cost, pair), key=lambda entry: entry[0])
        return best

    def _contract(self, a: int, b: int) -> None:
        left, right = self.operands[a], self.operands[b]
        rest = [operand for at, operand in enumerate(self.operands) if at not in (a, b)]
        keep = self.output.union(*(operand.labels for operand in rest))
        result, _ = self._pair(left, right, keep, None, last=False)
        self.operands = [*rest, result]

    # --- the steps

    def _alone(self, operand: Laid) -> Laid:
        gone = operand.labels - self.output
        if gone:
            extents = [self.extents[label] for label in gone]
            count = math.prod(dim for dim in extents if isinstance(dim, int))
            mean = math.isclose(self.scale * count, 1.0, rel_tol=1e-12) and count > 1
            self.scale = 1.0 if mean else self.scale
            kept = () in self.product.axes or -1 in self.product.output  # as patterns have it
            operand = self._summed(operand, gone, mean=mean, kept=kept)
        return self._scaled(operand)

    def _scaled(self, operand: Laid) -> Laid:
        if self.scale == 1.0:
            return operand
        number, op = self.scale, spelling.multiply()
        if 0 < abs(number) < 1 and math.isclose(number * round(1 / number), 1.0, rel_tol=1e-12):
            number, op = round(1 / number), spelling.divide()  # 1/50 cannot be held exactly, 50 can
        factor = self.builder.scalar(number, self.product.dtype)
        self.scale = 1.0
        return replace(operand, tensor=self.builder.emit(op, [operand.tensor, factor]))

    def _summed(
        self, operand: Laid, gone: frozenset[int], *, mean: bool = False, kept: bool = False
    ) -> Laid:
        dims = tuple(part for group in operand.dims for part in parted(group, gone))
        tensor = self.builder.lay(operand.tensor, operand.dims, dims, self.extents)
        axes = [at for at, group in enumerate(dims) if group and group[0] in gone]
        reduction = spelling.reduce_mean if mean else spelling.reduce_sum
        total = self.builder.emit(reduction(axes, self.builder.opset, keepdims=kept), [tensor])
        left = [() if at in axes else group for at, group in enumerate(dims)]
        return Laid(total, tuple(g for at, g in enumerate(left) if kept or at not in axes))

    def _pair(
        self, left: Laid, right: Laid, keep: frozenset[int], row: Laid | None, *, last: bool
    ) -> tuple[Laid, bool]:
        left, right = (
            self._summed(side, gone) if (gone := side.labels - other.labels - keep) else side
            for side, other in ((left, right), (right, left))
        )
        summed = (left.labels & right.labels) - keep
        if not summed:
            result = self._multiplied(left, right, last=last)
            return (self._scaled(result) if last else result), False
        if self._goes_right(left, right):
            left, right = right, left
        if left.labels & right.labels & keep:
            result = self._batched(left, right, summed, keep)
            return (self._scaled(result) if last else result), False
        return self._matrix(left, right, summed, row, last=last)

    def _goes_right(self, left: Laid, right: Laid) -> bool:
        """Weights and request-side operands stand on the right, the candidates on the left."""
        ours, theirs = (self._many(side.labels) for side in (left, right))
        if ours != theirs:
            return theirs
        return left.constant is not None

    def _many(self, labels: frozenset[int]) -> bool:
        return any(self.extents[label] == CANDIDATES for label in labels)

    def _multiplied(self, left: Laid, right: Laid, *, last: bool) -> Laid:
        """Multiply place by place, in the order of the result, what is summed afterwards last.

        The operands are smaller to move than what they make.
        """
        layout = common_layout([left.dims, right.dims])
        held = [label for group in layout for label in group]
        wanted = [label for label in self.product.output if label in held]
        wanted += [label for label in held if label not in wanted]
        if wanted != held and (last or len(wanted) > max(len(left.labels), len(right.labels))):
            layout = tuple((label,) for label in wanted)
        tensors = [
            self.builder.lay(side.tensor, side.dims, fitted(layout, side.labels), self.extents)
            for side in (left, right)
        ]
        return Laid(self.builder.emit(spelling.multiply(), tensors), layout)

    def _batched(
        self, left: Laid, right: Laid, summed: frozenset[int], keep: frozenset[int]
    ) -> Laid:
        shared = left.labels & right.labels & keep
        order = [label for group in left.dims for label in group]
        batch = tuple((label,) for label in order if label in shared)
        inner = tuple(label for label in order if label in summed)
        rows = tuple(label for label in order if label not in shared | summed)
        columns = tuple(
            label for group in right.dims for label in group if label not in shared | summed
        )
        a = self.builder.lay(left.tensor, left.dims, (*batch, rows, inner), self.extents)
        b = self.builder.lay(right.tensor, right.dims, (*batch, inner, columns), self.extents)
        return Laid(self.builder.emit(spelling.matmul(), [a, b]), (*batch, rows, columns))

    def _matrix(
        self, left: Laid, right: Laid, summed: frozenset[int], row: Laid | None, *, last: bool
    ) -> tuple[Laid, bool]:
        inner = tuple(lab for group in left.dims for lab in group if lab in summed)
        columns = tuple(lab for group in right.dims for lab in group if lab not in summed)
        groups = tuple(
            rest
            for group in left.dims
            if (rest := tuple(lab for lab in group if lab not in summed)) or not group
        )
        held = float(np.float32(self.scale)) == self.scale  # as an attribute holds it
        rides = row is not None and row.labels <= set(columns) and (held or not last)
        if last and set(self.heads) & set(columns):
            result = self._by_head(left, right, inner, groups)
            return self._scaled(result), False
        turned = right.dims == (columns, inner)
        if not rides and not (turned and len(groups) == 1):
            a = self.builder.lay(left.tensor, left.dims, (*groups, inner), self.extents)
            b = self.builder.lay(right.tensor, right.dims, (inner, columns), self.extents)
            result = Laid(self.builder.emit(spelling.matmul(), [a, b]), (*groups, columns))
            return (self._scaled(result) if last else result), False
        rows = tuple(lab for group in groups for lab in group)
        a = self.builder.lay(left.tensor, left.dims, (rows, inner), self.extents)
        b = right.tensor
        if not turned:
            b = self.builder.lay(right.tensor, right.dims, (inner, columns), self.extents)
        inputs, alpha = [a, b], 1.0
        if rides and row is not None:
            inputs.append(self.builder.lay(row.tensor, row.dims, (columns,), self.extents))
        if last and held:
            alpha, self.scale = self.scale, 1.0
        product = spelling.gemm(alpha=alpha, transposed=turned)
        result = Laid(self.builder.emit(product, inputs), (rows, columns))
        return (self._scaled(result) if last else result), rides

    def _by_head(self, left: Laid, right: Laid, inner: AxisLabels, groups: Layout) -> Laid:
        """Multiply by one matrix for each head: what reads the result needs nothing turned."""
        columns = [lab for group in right.dims for lab in group if lab not in inner]
        heads = tuple((lab,) for lab in columns if lab in self.heads)
        rest = tuple(lab for lab in columns if lab not in self.heads)
        rows = tuple(lab for group in groups for lab in group)
        alike = ((),) * len(heads)
        a = self.builder.lay(left.tensor, left.dims, (*alike, rows, inner), self.extents)
        b = self.builder.lay(right.tensor, right.dims, (*heads, inner, rest), self.extents)
        return Laid(self.builder.emit(spelling.matmul(), [a, b]), (*heads, rows, rest))
