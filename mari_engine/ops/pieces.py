"""Pieces of a function of numbers: the intervals on which it is another one, and which a run saw.

`|x|` is `x` above 0 and `-x` below. A model that takes one of the two for both differs only on
requests that reach the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from mari_engine.ops.branches import BOUND, Arrays, Branches, Taken, Turns, Values

Ends = Callable[[ir.Node], Sequence[float]]
"""Where the pieces of a node's function end, in order."""


def piecewise(ends: Ends) -> Branches:
    """Return branches that are the pieces of a function of one operand."""

    def shown(node: ir.Node) -> Values:
        return node.inputs[:1]

    def taken(node: ir.Node, arrays: Arrays) -> Taken:
        (numbers,), found = arrays, tuple(ends(node))
        lows, highs = (-np.inf, *found), (*found, np.inf)
        with np.errstate(invalid="ignore"):
            return {
                _named(low, high): np.array(((numbers > low) & (numbers < high)).any())
                for low, high in zip(lows, highs, strict=True)
            }

    def turns(node: ir.Node) -> Turns:
        if node.inputs and node.inputs[0] is not None:
            yield from ((node.inputs[0], float(number)) for number in ends(node))

    return Branches(shown, taken, turns, piece=lambda _node: True)


def _named(low: float, high: float) -> str:
    if np.isneginf(low):
        return f"below {high:g}"
    return f"above {low:g}" if np.isposinf(high) else f"from {low:g} to {high:g}"


def at(*numbers: float) -> Ends:
    """Return ends that are the same for all nodes of an op."""
    return lambda _node: numbers


def _hard_sigmoid(node: ir.Node) -> Sequence[float]:
    """Return where `alpha x + beta` is 0 and 1."""
    alpha = node.attributes.get_float("alpha", 0.2)
    beta = node.attributes.get_float("beta", 0.5)
    return sorted((-beta / alpha, (1 - beta) / alpha)) if alpha else ()


def _shrunk(node: ir.Node) -> Sequence[float]:
    size = abs(node.attributes.get_float("lambd", 0.5))
    return (-size, size)


PIECES = {
    **dict.fromkeys(("Abs", "Sign", "Elu", "Selu", "Celu"), piecewise(at(0.0))),
    "HardSwish": piecewise(at(-3.0, 3.0)),
    "HardSigmoid": piecewise(_hard_sigmoid),
    "ThresholdedRelu": piecewise(lambda node: (node.attributes.get_float("alpha", 1.0),)),
    "Shrink": piecewise(_shrunk),
}
"""By operator."""


def _larger(node: ir.Node) -> Values:
    """Return what tells a Max or Min, and of two that vary the first and the result."""
    both = (node.inputs[0], node.outputs[0]) if len(node.inputs) == 2 else ()
    return BOUND.shown(node) or both


LARGER = Branches(_larger, BOUND.taken, BOUND.turns, piece=lambda node: not BOUND.shown(node))
"""A bound, or the larger or the smaller of two numbers."""
