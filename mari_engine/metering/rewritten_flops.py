"""Reached FLOPs: what the rewritten model does in each product's place, counted in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.feeds import bind_feeds
from mari_engine.graph import SOURCE
from mari_engine.metering.product_flops import count_products
from mari_engine.plan_types import Plan
from mari_engine.types import Feeds, Flops


@dataclass(frozen=True)
class Reached:
    """The FLOPs of the rewritten model's products, in total and by original product."""

    total: Flops
    nodes: Mapping[str, Flops]
    uncounted: Mapping[str, str]
    """By new node: why its FLOPs are not in these numbers."""

    def total_without(self, names: Collection[str]) -> Flops:
        """Return the total without what these original products became."""
        return self.total - sum((self.nodes.get(name, Flops()) for name in names), Flops())


def count_reached(
    plan: Plan, runs: Mapping[int, Feeds], before: Mapping[str, int], sums: Collection[str] = ()
) -> Reached:
    """Return what the rewritten model's products cost.

    A product that several original ones became is divided among them as their FLOPs `before` were.
    What one of the `sums` became is no product of the original, and is not counted.
    Raises ExecutionError when the rewritten model cannot be run.
    """
    bound = {
        size: bind_feeds(feeds, plan.interface, plan.signature) for size, feeds in runs.items()
    }
    total, request, candidate = Flops(), Counter[str](), Counter[str]()
    uncounted: dict[str, str] = {}
    for counted in count_products(plan.optimized, bound):
        if set(_sources(counted.node)) <= set(sums):
            continue
        if counted.flops is None:
            uncounted[counted.node.name or ""] = counted.unmeasured
            continue
        total += counted.flops
        shares = _shares(counted.node, before)
        for source, share in shares.items():
            request[source] += round(share * counted.flops.per_request)
            candidate[source] += round(share * counted.flops.per_candidate)
    nodes = {name: Flops(request[name], candidate[name]) for name in before}
    return Reached(total, nodes, uncounted)


def _shares(node: ir.Node, before: Mapping[str, int]) -> Mapping[str, float]:
    sources = [name for name in _sources(node) if name in before]
    whole = sum(before[name] for name in sources)
    if not whole:
        return {name: 1 / len(sources) for name in sources}
    return {name: before[name] / whole for name in sources}


def _sources(node: ir.Node) -> list[str]:
    return node.metadata_props.get(SOURCE, "").split("\n")
