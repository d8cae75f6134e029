"""Cost attribution: what each product of the original became, and what is spent on it now.

A new node may stand for several products (experts stacked into one, weights that were merged).
Its FLOPs are apportioned among them by their FLOPs before, so that the decisions add up to what the
new graph does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import onnx_ir as ir

from mari_engine.analysis import Survey, count_graph
from mari_engine.graph import SOURCE, stands_for
from mari_engine.ops import is_product
from mari_engine.passes import Canonical
from mari_engine.rewriting.context import DecisionLog, Entry
from mari_engine.rewriting.cost import Line, Prices, faster_from, line
from mari_engine.types import Action, BreakEven, Cost, Decision, Flops
from mari_engine.wording import first_names

_BLOCKS = (
    "the rows that a mask keeps from the candidates run once per request, the others per candidate"
)


_NAMED = 3
"""Operators that a reason names; more are counted."""


@dataclass
class Share:
    """FLOPs and expected time of the new nodes that stand for one product of the original."""

    flops: Flops = field(default_factory=Flops)
    time: Line = field(default_factory=Line)
    nodes: list[str] = field(default_factory=list)
    computing: list[str] = field(default_factory=list)
    """Operators of the nodes that have FLOPs: the others lay data anew."""


def count_original(graph: ir.Graph, survey: Survey, form: Canonical) -> Cost:
    """Return the cost of the original graph by its own nodes, with the FLOPs of its canonical form.

    The canonical form tells what a node computes that no rule describes: the FLOPs of a loop are
    those of the nodes that stand for it. What the original runs beside them, the rounds of a loop
    included, stays as it is.
    """
    own, plain = count_graph(graph, survey), count_graph(form.model.ir.graph, form.survey)
    nodes, works = dict.fromkeys(own.nodes, Flops()), dict(own.works)
    for node in form.model.ir.graph:
        name, original = node.name or "", stands_for(node)
        nodes[original] = nodes.get(original, Flops()) + plain.nodes[name]
        if original == name:
            works[original] = plain.works[name]
    return replace(plain, nodes=nodes, works=works)


def decide(
    log: DecisionLog, before: Cost, after: Mapping[str, Share], split: Mapping[str, Share] | None,
    prices: Prices,
) -> tuple[Decision, ...]:  # fmt: skip
    """Return a decision for every product of the original, in the order in which they were made.

    `before` is the cost of the original; by the names of products, `after` has the shares of the
    chosen rewrite, and `split` those of the plain split where that is another one.
    """
    out = []
    for name, (node, entry) in _by_original(log).items():
        share = after.get(name, Share())
        action, reason = entry.action, entry.reason
        if not share.nodes and action != Action.FUSED:
            action, reason = Action.FUSED, "computed before the model runs, or within another one"
        work, spent = before.works.get(name), before.nodes.get(name, Flops())
        if action == Action.KEPT:
            action, reason = _kept(node, reason, spent, share)
        even = None
        if entry.action != Action.KEPT and work is not None:
            even = BreakEven(
                faster_from(share.time, line(work, prices)),
                faster_from(share.time, split[name].time) if split and name in split else None,
            )
        nodes = tuple(share.nodes)
        out.append(Decision(name, node.op_type, action, reason, spent, share.flops, nodes, even))
    return tuple(out)


def _kept(node: ir.Node, reason: str, spent: Flops, share: Share) -> tuple[Action, str]:
    """Return what became of a product that the log keeps: passes may have written it otherwise."""
    if share.flops == spent and share.computing in ([], [node.op_type]):
        return Action.KEPT, reason
    names = first_names(list(dict.fromkeys(share.computing)), _NAMED)
    verb = "takes" if len(set(share.computing)) == 1 else "take"
    if share.flops.per_request > spent.per_request:
        return Action.SPLIT, f"{names} {verb} its place, in part once per request; {reason}"
    return Action.FUSED, f"{names} {verb} its place; {reason}"


def _by_original(log: DecisionLog) -> dict[str, tuple[ir.Node, Entry]]:
    """Return one entry for each product, also where its canonical form has several."""
    found: dict[str, tuple[ir.Node, Entry]] = {}
    for node, entry in log.entries.items():
        if not is_product(node):
            continue
        name = stands_for(node)
        if name in found and found[name][1].action != entry.action:
            entry = Entry(Action.SPLIT, _BLOCKS)
        found[name] = node, entry
    return found


def attribute_costs(
    graph: ir.Graph, log: DecisionLog, before: Cost, after: Cost, prices: Prices
) -> Mapping[str, Share]:
    """Return by product what is spent on it in the new graph.

    The cost of a node made from several products is apportioned as their FLOPs were before, and so
    is that of a node that lays out what several products read, whichever of them came first.
    """
    products = {stands_for(node) for node in log.entries if is_product(node)}
    owners = _find_owners(graph, products, after)
    shares: dict[str, Share] = defaultdict(Share)
    for node in graph:
        mine = owners[node]
        weights = [max(1, before.nodes.get(name, Flops()).at(1)) for name in mine]
        name = node.name or ""
        flops, work = after.nodes.get(name, Flops()), after.works.get(name)
        parts = zip(
            mine, weights, apportion(flops.per_request, weights),
            apportion(flops.per_candidate, weights), apportion(flops.per_pair, weights),
            strict=True,
        )  # fmt: skip
        for owner, weight, *counts in parts:
            share = shares[owner]
            share.nodes.append(name)
            share.computing += [node.op_type] if flops != Flops() else []
            share.flops += Flops(*counts)
            if work is not None:
                share.time += line(work, prices).times(weight / sum(weights))
    return shares


def _find_owners(
    graph: ir.Graph, products: Collection[str], after: Cost
) -> Mapping[ir.Node, list[str]]:
    """Return the products that each new node was made from, or lays out operands for."""
    owners: dict[ir.Node, list[str]] = {}
    for node in reversed(list(graph)):
        sources = node.metadata_props.get(SOURCE, "").split("\n")
        mine = dict.fromkeys(source for source in sources if source in products)
        if after.nodes.get(node.name or "", Flops()) == Flops():
            users = (user for value in node.outputs for user, _ in value.uses())
            served = dict.fromkeys(owner for user in users for owner in owners.get(user, ()))
            mine |= served if not mine.keys().isdisjoint(served) else {}
        owners[node] = list(mine)
    return owners


def apportion(count: int, weights: Sequence[int]) -> list[int]:
    """Return whole numbers in proportion to the weights, which add up to `count`.

    >>> apportion(10, [1, 1, 1]), apportion(7, [2, 5]), apportion(3, [])
    ([3, 3, 4], [2, 5], [])
    """
    bounds, total, seen = [0], sum(weights), 0
    for weight in weights:
        seen += weight
        bounds.append(count * seen // total)
    return [stop - start for start, stop in pairwise(bounds)]
