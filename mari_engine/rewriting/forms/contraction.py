"""Einsums multiplied out: each pair of the contraction path as MatMul, Gemm, multiplication or sum.

For `[N, K] x [K, M] + [M]` a Gemm takes the bias along; labels that both operands keep are a batch,
`[B, N, K] x [B, K, M]`. Request-side tensors are contracted first: their product lacks N and is
computed once.
Products of constants are written as nodes too, which runtimes fold when they load the model:
rounding them here would make the saved model another function.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    CANDIDATES,
    AxisLabels,
    Dim,
    Layout,
    common_layout,
    cut_group,
    restrict_layout,
    with_ones_behind,
)
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import GraphBuilder, Tensor
from mari_engine.rewriting.forms.contraction_path import find_path
from mari_engine.rewriting.forms.labeled_tensor import LabeledTensor, labeled_operands
from mari_engine.rewriting.forms.lazy_values import Atom, Product
from mari_engine.rewriting.forms.product_einsum import einsum_of

_ALONE = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})
"""Types whose products may be rounded before they are summed, as halves may not."""


class Contraction:
    """One product being multiplied out along its contraction path."""

    def __init__(
        self, builder: GraphBuilder, product: Product, candidates: int,
        heads: Collection[int] = (),
    ) -> None:  # fmt: skip
        self.builder = builder
        self.heads = heads
        """Labels of the second operand that come first in the result, each a matrix of its own."""
        self.product = product
        self.extents: Mapping[int, Dim] = product.extents()
        self.einsum = einsum_of(product, candidates)
        self.scale = product.scale
        """What the result is still to be multiplied by."""

    def run(self, bias: Atom | None = None) -> tuple[Atom, bool]:
        """Return the product, plus the bias where a Gemm could add it, and whether one did."""
        operands = self._scale_constant(labeled_operands(self.product))
        if len(operands) == 1:
            return self._atom(self._single(operands[0])), False
        *path, last = find_path(self.einsum)
        for pair in path:
            left, right = (operands[at] for at in pair)
            operands = [operand for at, operand in enumerate(operands) if at not in pair]
            keep = self.einsum.output.union(*(operand.labels for operand in operands))
            operands.append(self._pair(left, right, keep, None, last=False)[0])
        left, right = (operands[at] for at in last)
        row = None if bias is None else self._labeled(bias)
        result, added = self._pair(left, right, self.einsum.output, row, last=True)
        return self._atom(result), added

    def _scale_constant(self, operands: list[LabeledTensor]) -> list[LabeledTensor]:
        """Take a power of two, or a sign, into a constant: nothing is rounded by that."""
        scale = self.scale
        at = next((i for i, op in enumerate(operands) if op.constant is not None), None)
        if at is None or scale == 1.0 or abs(math.frexp(scale)[0]) != 0.5:
            return operands
        constant = operands[at].constant
        assert constant is not None
        scaled = constant.mapped(lambda array: (array * scale).astype(array.dtype))
        operands[at] = replace(operands[at], tensor=scaled)
        self.scale = 1.0
        return operands

    def _labeled(self, bias: Atom) -> LabeledTensor | None:
        """Return a bias under the result's labels, or None where the result lacks one of its."""
        output = self.product.output
        if any(output[at] < 0 for at in bias.present):
            return None
        dims = tuple(tuple(output[at] for at in group) for group in bias.dims)
        return LabeledTensor(bias.tensor, dims)

    def _atom(self, result: LabeledTensor) -> Atom:
        place = {label: at for at, label in enumerate(self.product.output) if label >= 0}
        dims = tuple(tuple(place[label] for label in group) for group in result.dims)
        notes = [atom.note for atom in self.product.operands if atom.note]
        return Atom(self.product.axes, result.tensor, dims, notes[0] if notes else "")

    def _lay(self, operand: LabeledTensor, dims: Layout) -> Tensor:
        return self.builder.lay(operand.tensor, operand.dims, dims, self.extents)

    # --- one operand

    def _single(self, operand: LabeledTensor) -> LabeledTensor:
        gone = operand.labels - self.einsum.output
        if gone:
            extents = [self.extents[label] for label in gone]
            count = math.prod(dim for dim in extents if isinstance(dim, int))
            mean = math.isclose(self.scale * count, 1.0, rel_tol=1e-12) and count > 1
            self.scale = 1.0 if mean else self.scale
            keepdims = () in self.product.axes or -1 in self.product.output  # as patterns have it
            operand = self._reduced(operand, gone, mean=mean, keepdims=keepdims)
        return self._scaled(operand)

    def _scaled(self, operand: LabeledTensor) -> LabeledTensor:
        if self.scale == 1.0:
            return operand
        number, op = self.scale, spelling.multiply()
        if 0 < abs(number) < 1 and math.isclose(number * round(1 / number), 1.0, rel_tol=1e-12):
            number, op = round(1 / number), spelling.divide()  # 1/50 is held inexactly, 50 exactly
        factor = self.builder.scalar(number, self.product.dtype)
        self.scale = 1.0
        return replace(operand, tensor=self.builder.emit(op, [operand.tensor, factor]))

    def _reduced(
        self, operand: LabeledTensor, gone: frozenset[int], *, mean: bool = False,
        keepdims: bool = False,
    ) -> LabeledTensor:  # fmt: skip
        """Return the operand summed, or averaged, along the labels that go."""
        dims = tuple(part for group in operand.dims for part in cut_group(group, gone))
        tensor = self._lay(operand, dims)
        axes = with_ones_behind([at for at, dim in enumerate(dims) if gone.intersection(dim)], dims)
        reduction = spelling.reduce_mean if mean else spelling.reduce_sum
        node = reduction(axes, self.builder.opset, keepdims=keepdims)
        left = [() if at in axes else group for at, group in enumerate(dims)]
        kept = tuple(group for at, group in enumerate(left) if keepdims or at not in axes)
        return LabeledTensor(self.builder.emit(node, [tensor]), kept)

    # --- two operands

    def _pair(
        self, left: LabeledTensor, right: LabeledTensor, keep: frozenset[int],
        bias: LabeledTensor | None, *, last: bool,
    ) -> tuple[LabeledTensor, bool]:  # fmt: skip
        """Return the product of two operands, and whether it holds the bias.

        Of the labels that are not kept, those of one operand alone are summed in it before.
        """
        left, right = (
            self._reduced(side, gone) if (gone := side.labels - other.labels - keep) else side
            for side, other in ((left, right), (right, left))
        )
        summed = (left.labels & right.labels) - keep
        added = False
        if not summed:
            result = self._elementwise(left, right, last=last)
        else:
            if self._belongs_right(left, right):
                left, right = right, left
            if left.labels & right.labels & keep:
                result = self._batched(left, right, summed, keep)
            else:
                result, added = self._matmul(left, right, summed, bias, last=last)
        return (self._scaled(result) if last else result), added

    def _belongs_right(self, left: LabeledTensor, right: LabeledTensor) -> bool:
        """Return True where the left is weights or request-side, the right the candidates'."""
        ours, theirs = (self._per_candidate(side.labels) for side in (left, right))
        if ours != theirs:
            return theirs
        return left.constant is not None

    def _per_candidate(self, labels: frozenset[int]) -> bool:
        return any(self.extents[label] == CANDIDATES for label in labels)

    def _elementwise(
        self, left: LabeledTensor, right: LabeledTensor, *, last: bool
    ) -> LabeledTensor:
        """Multiply elementwise, in the order of the result's labels, those summed later last.

        Transposing the operands moves less than the result. Runtimes loop along the longest.
        """
        layout = common_layout([left.dims, right.dims])
        held = [label for group in layout for label in group]
        wanted = [label for label in self.product.output if label in held]
        rest = [label for label in held if label not in wanted]
        wanted += sorted(rest, key=self.einsum.extents.__getitem__)
        if wanted != held and (last or len(wanted) > max(len(left.labels), len(right.labels))):
            layout = tuple((label,) for label in wanted)
        tensors = list[Tensor]()
        for side in (left, right):
            own = restrict_layout(layout, side.labels)
            laid = self._lay(side, own)
            tensors.append(self.builder.layouts.beside(laid, own, layout, self.extents))
        return LabeledTensor(self.builder.emit(spelling.multiply(), tensors), layout)

    def _batched(
        self, left: LabeledTensor, right: LabeledTensor, summed: frozenset[int],
        keep: frozenset[int],
    ) -> LabeledTensor:  # fmt: skip
        """Multiply `[batch, rows, inner] x [batch, inner, columns]`.

        Each matrix is a call of its own: numbers are multiplied, and then summed, all at once.
        """
        shared = left.labels & right.labels & keep
        if self._is_single(summed):
            return self._elementwise(left.without(summed), right.without(summed), last=False)
        alone = self._is_single((left.labels ^ right.labels) - shared - summed)
        if alone and self.product.dtype in _ALONE:
            return self._reduced(self._elementwise(left, right, last=False), summed)
        return self._batched_matmul(left, right, summed, shared)

    def _is_single(self, labels: Collection[int]) -> bool:
        """Return True for labels along which nothing has more than one element."""
        return all(self.extents[label] == 1 for label in labels)

    def _batched_matmul(
        self, left: LabeledTensor, right: LabeledTensor, summed: frozenset[int],
        shared: frozenset[int],
    ) -> LabeledTensor:  # fmt: skip
        """Multiply the matrices of a batch one by one."""
        order = [label for group in left.dims for label in group]
        batch = tuple((label,) for label in order if label in shared)
        inner = tuple(label for label in order if label in summed)
        rows = tuple(label for label in order if label not in shared | summed)
        columns = tuple(
            label for group in right.dims for label in group if label not in shared | summed
        )
        operands = [
            self._lay(left, (*batch, rows, inner)), self._lay(right, (*batch, inner, columns))
        ]  # fmt: skip
        product = self.builder.emit(spelling.matmul(), operands)
        return LabeledTensor(product, (*batch, rows, columns))

    def _matmul(
        self, left: LabeledTensor, right: LabeledTensor, summed: frozenset[int],
        bias: LabeledTensor | None, *, last: bool,
    ) -> tuple[LabeledTensor, bool]:  # fmt: skip
        """Multiply `[rows, inner] x [inner, columns]`; Gemm spares an Add or a Transpose."""
        inner = tuple(lab for group in left.dims for lab in group if lab in summed)
        columns = tuple(lab for group in right.dims for lab in group if lab not in summed)
        groups = tuple(
            rest
            for group in left.dims
            if (rest := tuple(lab for lab in group if lab not in summed)) or not group
        )
        if last and set(self.heads) & set(columns):
            return self._matmul_by_head(left, right, inner, groups), False
        exact = float(np.float32(self.scale)) == self.scale  # as an attribute holds it
        fused = bias is not None and bias.labels <= set(columns) and (exact or not last)
        whole = self.builder.layouts.with_row(right.tensor, right.dims, self.extents)
        right = replace(right, tensor=whole)
        transposed = right.dims == (columns, inner)
        if not fused and not (transposed and len(groups) == 1):
            operands = [self._lay(left, (*groups, inner)), self._lay(right, (inner, columns))]
            product = self.builder.emit(spelling.matmul(), operands)
            return LabeledTensor(product, (*groups, columns)), False
        rows = tuple(lab for group in groups for lab in group)
        inputs = [self._lay(left, (rows, inner))]
        inputs.append(right.tensor if transposed else self._lay(right, (inner, columns)))
        if fused and bias is not None:
            inputs.append(self._lay(bias, (columns,)))
        alpha = 1.0
        if last and exact:
            alpha, self.scale = self.scale, 1.0
        product = self.builder.emit(spelling.gemm(alpha=alpha, transposed=transposed), inputs)
        return LabeledTensor(product, (rows, columns)), fused

    def _matmul_by_head(
        self, left: LabeledTensor, right: LabeledTensor, inner: AxisLabels, groups: Layout
    ) -> LabeledTensor:
        """Multiply `[1, rows, inner] x [heads, inner, columns]`: its reader transposes nothing."""
        columns = [lab for group in right.dims for lab in group if lab not in inner]
        heads = tuple((lab,) for lab in columns if lab in self.heads)
        rest = tuple(lab for lab in columns if lab not in self.heads)
        rows = tuple(lab for group in groups for lab in group)
        ones = ((),) * len(heads)
        operands = [
            self._lay(left, (*ones, rows, inner)), self._lay(right, (*heads, inner, rest))
        ]  # fmt: skip
        return LabeledTensor(self.builder.emit(spelling.matmul(), operands), (*heads, rows, rest))
