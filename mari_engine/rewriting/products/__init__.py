"""Products over columns of both sides: composed, expanded, stacked, and whether it pays."""

from mari_engine.rewriting.products.association import associate
from mari_engine.rewriting.products.bilinear_expansion import expand_bilinear
from mari_engine.rewriting.products.common_factor import merge_common_factors
from mari_engine.rewriting.products.composition import compose_product
from mari_engine.rewriting.products.pairwise_blocks import reshape_pairwise
from mari_engine.rewriting.products.profitability import (
    count_picked_runs,
    passing_split_pays,
    split_gain,
)
from mari_engine.rewriting.products.stacked_product import stack_products
from mari_engine.rewriting.products.sum_of_parts import sum_parts

__all__ = [
    "associate",
    "compose_product",
    "count_picked_runs",
    "expand_bilinear",
    "merge_common_factors",
    "passing_split_pays",
    "reshape_pairwise",
    "split_gain",
    "stack_products",
    "sum_parts",
]
