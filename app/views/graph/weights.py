"""A weight's contents for the details panel: figures, and a histogram with its scale."""

from __future__ import annotations

from typing import Any

from app.views.graph.details import clean
from app.views.text import count, shape
from mari_engine import WeightSummary, format_count


def describe_weight(weight: WeightSummary) -> dict[str, Any]:
    """Return name, type, and either the elements themselves or their distribution."""
    facts = [["Elements", f"{weight.elements:,}"]]
    if weight.counts:
        facts.append(["Mean ± deviation", f"{weight.mean:.3g} ± {weight.deviation:.3g}"])
    if weight.zeros:
        facts.append(["Zeros", f"{weight.zeros / weight.read:.1%}"])
    if weight.infinite:
        facts.append(["Infinite or NaN", f"{weight.infinite:,}"])
    if weight.read < weight.elements:
        facts.append(["Judged by", f"{count(weight.read, 'element')} from all over it"])
    return {
        "name": clean(weight.name),
        "type": f"{weight.dtype} {shape(weight.shape)}",
        "facts": facts,
        "values": [f"{value:.6g}" for value in weight.values],
        "counts": [] if weight.values else list(weight.counts),
        "least": f"{weight.least:.3g}",
        "most": f"{weight.most:.3g}",
        "peak": format_count(max(weight.counts, default=0)),
    }
