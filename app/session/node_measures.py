"""The seconds and the redundant FLOPs of each node, as one measurement found them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

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
