"""A tensor of an einsum: the labels that each of its dimensions holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mari_engine.axes import Layout
from mari_engine.rewriting.emission import Constant, Tensor
from mari_engine.rewriting.forms.lazy_values import Product


@dataclass(frozen=True, eq=False)
class LabeledTensor:
    """A tensor, and the labels that each of its dimensions holds."""

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

    def without(self, single: Collection[int]) -> LabeledTensor:
        """Return the same tensor without labels of extent 1: their places hold nothing."""
        dims = tuple(tuple(each for each in group if each not in single) for group in self.dims)
        return LabeledTensor(self.tensor, dims)


def labeled_operands(product: Product) -> list[LabeledTensor]:
    """Return a product's operands; a place of extent 1 may lie in a tensor without a label."""
    return [
        LabeledTensor(a.tensor, tuple(tuple(own[p] for p in d if own[p] >= 0) for d in a.dims))
        for a, own in zip(product.operands, product.labels, strict=True)
    ]
