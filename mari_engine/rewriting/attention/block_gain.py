"""Whether an attention costs less by blocks of sides: expected seconds of both, by prices.

With L rows and keys of the request and T of the candidates, `(L + T)^2` scores a candidate become
`2 L T + T^2`, of which those of the request's rows take a merge of partial softmaxes.
"""

from __future__ import annotations

from mari_engine.rewriting.attention.sides import AttentionSides
from mari_engine.rewriting.cost import Prices

_NODES = 30
"""Nodes that blocks add, about."""
_MERGE_SCORES, _MERGE_ROWS = 5, 6
"""Passes that merge partial softmaxes: over the candidates' scores, and over one number a row."""
_PASSES = 2
"""More passes over the sum of the request's rows: it is a sum of two products."""
_SOFTMAX = 5
"""FLOPs of an element of a softmax, as they are counted."""


def blocks_pay(sides: AttentionSides, prices: Prices) -> bool:
    """Return True when blocks of rows and keys are expected to take less time than the whole."""
    move = prices.move
    each, stack = _seconds_a_score(sides, prices, move), sides.stack
    ours, theirs = len(sides.rows.request), len(sides.rows.candidates)
    still, moving = len(sides.keys.request), len(sides.keys.candidates)
    whole = stack * (ours + theirs) * (still + moving) * each + sides.joining * move
    apart = stack * (ours * moving + theirs * (still + moving)) * each
    apart += stack * ours * _PASSES * sides.columns * move + _NODES * prices.node
    if sides.attention.softmax is not None:
        apart += stack * ours * (moving * _MERGE_SCORES + _MERGE_ROWS) * move
    return apart < whole


def _seconds_a_score(sides: AttentionSides, prices: Prices, move: float) -> float:
    attention = sides.attention
    softmax = attention.softmax is not None
    passes = len(attention.before) + len(attention.after) + softmax
    seconds = 2 * (sides.inner + sides.columns) / prices.flops_per_second + passes * move
    return seconds + softmax * _SOFTMAX / prices.arithmetic_per_second
