"""A product as the path problem that it poses, and what its cheapest path costs."""

from __future__ import annotations

from mari_engine.rewriting.forms.contraction_path import (
    Einsum,
    Operand,
    expected_extents,
    path_cost,
)
from mari_engine.rewriting.forms.labeled_tensor import labeled_operands
from mari_engine.rewriting.forms.lazy_values import Product


def einsum_of(product: Product, candidates: int) -> Einsum:
    """Return a product as the path problem that it poses for so many candidates."""
    operands = tuple(
        Operand(operand.labels, operand.constant is not None)
        for operand in labeled_operands(product)
    )
    output = frozenset(label for label in product.output if label >= 0)
    return Einsum(operands, output, expected_extents(product.extents(), candidates))


def contraction_cost(product: Product, candidates: int) -> float:
    """Return what a product costs on its cheapest path, in multiplications."""
    return path_cost(einsum_of(product, candidates))
