"""Parts that are known by what their operators do: attention, gates, cross layers."""

from __future__ import annotations

from collections.abc import Iterator

from app.views.graph.data_flow import PLUMBING, DataFlow
from mari_engine import Side

ATTENTION = "Attention"
HISTORY = "Attention over history"
GATE = "Gate"
CROSS = "Cross layer"
_SUMS = frozenset({"ReduceMean", "ReduceSum"})
_PASSING = PLUMBING | {"Add", "Div", "Expand", "Mul", "Sub", "Where"}
"""What may stand between scores, their softmax, and the product that it weighs."""
_RECURRENT = frozenset({"GRU", "LSTM", "Loop", "RNN", "Scan"})


def find_patterns(flow: DataFlow) -> list[tuple[str, list[int]]]:
    """Return named parts on the candidates' side, in topological order; none share a vertex."""
    found: list[tuple[str, list[int]]] = []
    taken: set[int] = set()
    for at in range(len(flow)):
        if not flow.is_candidate_node(at) or at in taken:
            continue
        part = _find_mix(flow, at) or _find_cross_layer(flow, at)
        if part is not None:
            name, members = part
            members = [one for one in members if one not in taken and flow.is_candidate_node(one)]
            taken.update(members)
            found.append((name, members))
    return found


def find_history_encoders(flow: DataFlow) -> set[int]:
    """Return what encodes a sequence on the request's side: what leads to it, and what
    it alone feeds."""
    ends = [
        at
        for at in range(len(flow))
        if flow.side(at) is Side.REQUEST
        and (flow.op(at) in _RECURRENT or (flow.is_mixed(at) and _softmax_of(flow, at)))
    ]
    found = flow.ancestors(ends)
    for at in range(len(flow)):
        if flow.side(at) is Side.REQUEST and flow.before[at] and found.issuperset(flow.before[at]):
            found.add(at)
    return found


def _find_mix(flow: DataFlow, at: int) -> tuple[str, list[int]] | None:
    """Return the part of a sum of values by weights that are computed: attention or a gate."""
    if not flow.is_mixed(at) and not (flow.op(at) == "Mul" and _sum_behind(flow, at) is not None):
        return None
    softmax = _softmax_of(flow, at)
    others = [other for other in flow.before[at] if flow.side(other) is Side.REQUEST]
    if softmax is None and not any(_scored_by(flow, at, other) for other in others):
        return None
    sum_at = None if flow.is_mixed(at) else _sum_behind(flow, at)
    end = at if sum_at is None else sum_at
    if softmax is not None and _is_gate(flow, softmax):
        weights = flow.ancestors([softmax]) | _between(flow, softmax, at) | {at}
        return GATE, flow.owned_by(end, weights, stop=False)
    name = HISTORY if others else ATTENTION
    return name, flow.owned_by(end, flow.ancestors([end]), stop=softmax is not None)


def _sum_behind(flow: DataFlow, at: int) -> int | None:
    """Return the only reader of a product by element, where it is a sum."""
    after = flow.after[at]
    return after[0] if len(after) == 1 and flow.op(after[0]) in _SUMS else None


def _softmax_of(flow: DataFlow, at: int) -> int | None:
    """Return the softmax that an operand of a product comes from, through what only passes."""
    for operand in flow.before[at]:
        for one in flow.chain_behind(operand):
            if flow.op(one) == "Softmax":
                return one
            if flow.op(one) not in _PASSING:
                break
    return None


def _is_gate(flow: DataFlow, softmax: int) -> bool:
    """Return True where the scores are a weight's product, not one of queries and keys."""
    frontier, seen = [*flow.before[softmax]], set[int]()
    while frontier:
        at = frontier.pop()
        if flow.is_mixed(at):
            return False
        if at not in seen and flow.op(at) in _PASSING:
            frontier += flow.before[at]
        seen.add(at)
    return True


def _scored_by(flow: DataFlow, mix: int, history: int) -> bool:
    """Return True where the weights of a mix come from what the same history has met."""
    weights = [other for other in flow.before[mix] if other != history]
    known = flow.ancestors(weights)
    return any(other in known and flow.joins(other) for other in flow.after[history])


def _between(flow: DataFlow, first: int, last: int) -> set[int]:
    """Return the chain from a softmax to the product that it weighs, without the two."""
    for operand in flow.before[last]:
        chain = flow.chain_behind(operand)
        if first in chain:
            return set(chain[: chain.index(first)])
    return set()


def _find_cross_layer(flow: DataFlow, at: int) -> tuple[str, list[int]] | None:
    """Return the part of `x + x_0 * f(x)`, by its product by element; f holds a weight."""
    if flow.op(at) != "Mul" or len(flow.before[at]) != 2:
        return None
    for first, scaled in _both_ways(flow.before[at]):
        chain = flow.chain_behind(scaled)
        for end in flow.after[at]:
            if flow.op(end) != "Add":
                continue
            source = next((one for one in flow.before[end] if one != at), -1)
            inner = chain[: chain.index(source)] if source in chain else []
            if any(map(flow.is_weighted, inner)) and flow.is_candidate_node(first):
                return CROSS, sorted([*inner, at, end])
    return None


def _both_ways(pair: list[int]) -> Iterator[tuple[int, int]]:
    yield pair[0], pair[1]
    yield pair[1], pair[0]
