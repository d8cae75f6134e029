"""Redundant time: seconds in nodes whose results are the same for all candidates."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mari_engine.graph import Model
from mari_engine.runtime import profile_nodes
from mari_engine.types import Feeds, NodeTime, TimeMeasure

_RUNS = 8


def measure_time(
    model: Model,
    feeds: Feeds,
    *,
    candidates: int,
    varying: Collection[str],
    growing: Collection[str],
    shares: Mapping[str, float],
) -> TimeMeasure:
    """Return where the original's time goes in one request, in seconds.

    `varying` and `growing` name the nodes whose results differ between candidates, and grow with
    their number. `shares` gives the attainable fraction of each product's FLOPs. A node that grows
    and does not vary could run once, in `1 / candidates` of its time. Raises ExecutionError when
    the model cannot be run.
    """
    found = profile_nodes(model, feeds, runs=_RUNS)
    nodes = tuple(
        NodeTime(
            node=node.name or "",
            op=node.op_type,
            seconds=found[node.name or ""],
            varies=node.name in varying,
            grows=node.name in growing,
        )
        for node in model.ir.graph
        if node.name in found
    )
    repeated = [each for each in nodes if each.grows and not each.varies]
    total = sum(each.seconds for each in nodes)
    spared = sum(each.seconds * (1 - 1 / candidates) for each in repeated)
    spared += sum(
        each.seconds * (1 - min(1.0, shares.get(each.node, 1.0))) for each in nodes if each.varies
    )
    return TimeMeasure(
        candidates=candidates,
        total=total,
        repeated=sum(each.seconds for each in repeated),
        attainable=total - spared,
        nodes=nodes,
    )
