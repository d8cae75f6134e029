"""What was measured of single nodes: how long they take, and what is left to gain in products."""

from __future__ import annotations

from mari_engine import ProductMeasure, format_count


def describe_product(product: ProductMeasure, candidates: int) -> list[list[str]]:
    """Return what a product could do with, measured by running it, as names and figures."""
    if product.unmeasured:
        return [["Not measured", product.unmeasured]]
    named = [
        ("As exported", product.before),
        ("Attainable", product.attainable),
        ("By folding, at best", product.limit),
        ("Reached", product.reached),
    ]
    rows = [[name, format_count(flops.at(candidates), "FLOP")] for name, flops in named if flops]
    return [*rows, ["Left", format_count(product.left(candidates), "FLOP")]]
