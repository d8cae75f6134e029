"""The request's addend of a batched product, taken as one more row of what is summed.

    w[n, l, :] x O[l, :, d] + c[l, d]  =  [w | 1][n, l, :] x [O ; c][l, :, d]

A Gemm takes a bias along; a product of stacks of matrices has none, and the addition is another
pass over the result. Where few numbers are summed for each of many, one more costs less.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from mari_engine.axes import AxisLabels, Dim, separate_axes, with_extent
from mari_engine.rewriting.emission import Constant
from mari_engine.rewriting.forms.lazy_values import Atom, Form, Product, per_candidate

_FEW = 4
"""How many times as many columns as summed numbers a result has at least."""


class Computes(Protocol):
    """Computes forms, and puts tensors side by side: the materializer, which stands on this."""

    def materialize(self, form: Form) -> Atom:
        """Return the form as one tensor."""

    def concatenate(self, atoms: Sequence[Atom], position: int) -> Atom:
        """Return the columns of all atoms side by side."""


def with_inner_row(product: Product, addend: Atom, materializer: Computes) -> Product | None:
    """Return a product that holds the addend, None where it would not be one row of it."""
    moving = [at for at, atom in enumerate(product.operands) if per_candidate(atom)]
    if len(moving) != 1 or len(product.operands) < 2 or per_candidate(addend):
        return None
    left, own = product.operands[moving[0]], product.labels[moving[0]]
    rest = tuple(at for at in range(len(product.operands)) if at != moving[0])
    held = {label for at in rest for label in product.labels[at]} - {-1}
    inner = _inner(product, own, held, addend)
    if inner is None:
        return None
    kept = tuple(label for label in sorted(held) if label in product.output or label == inner)
    extents = product.extents()
    weight = materializer.materialize(
        Product(
            separate_axes([extents[label] for label in kept]),
            tuple(product.operands[at] for at in rest), tuple(product.labels[at] for at in rest),
            kept, product.scale, product.source,
        )
    )  # fmt: skip
    place = kept.index(inner)
    dims = tuple(tuple(kept.index(product.output[at]) for at in group) for group in addend.dims)
    row = Atom(with_extent(weight.axes, place, 1), addend.tensor, dims)
    one = np.ones([1] * len(left.axes), product.dtype.numpy())
    ones = Constant(lambda: one, product.dtype)
    axes = with_extent(left.axes, own.index(inner), 1)
    beside = Atom(axes, ones, ((),) * len(left.axes))
    operands = (
        materializer.concatenate([left, beside], own.index(inner)),
        materializer.concatenate([weight, row], place),
    )
    return replace(product, operands=operands, labels=(own, kept), scale=1.0)


def _inner(product: Product, own: AxisLabels, held: Collection[int], addend: Atom) -> int | None:
    """Return the one label that is summed, where a row of the addend may stand beside it."""
    extents, result = product.extents(), set(product.output) - {-1}
    inner = [label for label in own if label >= 0 and label not in result]
    batch = {label for label in own if label in held and label in result}
    columns = {label for label in held if label in result} - set(own)
    wanted = {product.output[at] for at in addend.present}
    if len(inner) != 1 or inner[0] not in held or not batch or not wanted <= batch | columns:
        return None
    few, many = extents[inner[0]], _count([extents[label] for label in columns])
    return inner[0] if isinstance(few, int) and _FEW * few <= many else None


def _count(dims: Sequence[Dim]) -> int:
    """Return how many columns there are; 0 where only the run knows it."""
    numbers = [dim for dim in dims if isinstance(dim, int)]
    return math.prod(numbers) if len(numbers) == len(dims) else 0
