"""Sides in the optimized graph, as the rewriter states them on each node.

Coloring alone cannot see that a row cut out of N equal rows stands for all of them.
"""

from __future__ import annotations

from dataclasses import replace

from mari_engine import Coloring, GraphInfo, Side, ValueColor


def correct_sides(info: GraphInfo, coloring: Coloring) -> Coloring:
    """Return the coloring with the sides that the nodes state, where they do."""
    values = dict(coloring.values)
    for node in info.nodes:
        if node.side is None:
            continue
        taken = {values[name].side for name in node.inputs if name in values} - {Side.CONSTANT}
        for name in node.outputs:
            if name in values:
                values[name] = _corrected(values[name], node.side, taken)
    return replace(coloring, values=values)


def _corrected(color: ValueColor, stated: Side, taken: set[Side]) -> ValueColor:
    """Return the color with the stated side; candidate side that only items reach is item side."""
    if stated is Side.REQUEST:
        return replace(color, side=stated, candidate_axis=None)
    if color.side is Side.ITEM or taken == {Side.ITEM}:
        return replace(color, side=Side.ITEM)
    return replace(color, side=stated)
