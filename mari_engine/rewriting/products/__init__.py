"""Products over columns of both sides: composed, expanded, stacked, and whether it pays."""

from mari_engine.rewriting.products.bilinear_expansion import expanded
from mari_engine.rewriting.products.common_factor import merge
from mari_engine.rewriting.products.composition import composed
from mari_engine.rewriting.products.pairwise_blocks import regrouped
from mari_engine.rewriting.products.profitability import pays_apart, picked_runs, split_pays
from mari_engine.rewriting.products.stacked_product import stack

__all__ = [
    "composed",
    "expanded",
    "merge",
    "pays_apart",
    "picked_runs",
    "regrouped",
    "split_pays",
    "stack",
]
