"""What was measured of single nodes: how long they take, and what is left to gain in products."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.views.text import scaled
from mari_engine import Measurement, ProductMeasure


@dataclass(frozen=True, eq=False)
class NodeMeasures:
    """The measures of the original's and the optimized graph's nodes, by name."""

    seconds: tuple[Mapping[str, float], Mapping[str, float]]
    """For one request, onnxruntime's own optimizations off."""
    meter: Measurement
    stamp: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Tells these measures from all others."""

    def products(self) -> Mapping[str, ProductMeasure]:
        """Return the measures of the original's products, by name."""
        return {product.node: product for product in self.meter.products}


def describe_product(product: ProductMeasure, candidates: int) -> list[list[str]]:
    """Return what a product could do with, measured by running it, as names and figures."""
    if product.unmeasured:
        return [["Not measured", product.unmeasured]]
    named = [
        ("As exported", product.before),
        ("By columns, attainable", product.attainable),
        ("By folding, at best", product.limit),
        ("Reached", product.reached),
    ]
    rows = [[name, scaled(flops.at(candidates), "FLOP")] for name, flops in named if flops]
    return [*rows, ["Left", scaled(product.left(candidates), "FLOP")]]
