"""Outputs that are one number in all requests: of what they are computed from, they show nothing.

A saturated Sigmoid hides its operand, and 1e12 a score that it is added to. Such a rewrite is not
refused: a head whose weights are zero is one number, too, and values inside both models are
compared by name. But it is told. What depends on no number of a request is one by structure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from mari_engine.graph import Model, all_inputs
from mari_engine.ops import Trait, has_trait
from mari_engine.verification.distances import EXACT
from mari_engine.verification.judgement import CaseResult
from mari_engine.verification.remarks import float_outputs, quoted

_SEEN = 1e3
"""How many times the limit of exactness an output has to vary, so that errors in it are seen."""


def about_constant(runs: Sequence[CaseResult], original: Model) -> tuple[str, ...]:
    """Return which outputs are one number in all requests, as far as the check tells them apart."""
    ends = defaultdict[str, list[tuple[float, float]]](list)
    for name, values in float_outputs(runs):
        finite = values[np.isfinite(values)]
        if finite.size:
            ends[name].append((float(finite.min()), float(finite.max())))
    varying = _varying_outputs(original)
    same = [name for name, found in ends.items() if name in varying and _is_one(found)]
    if not same:
        return ()
    number = ends[same[0]][0][0]
    note = (
        f"output {quoted(same)} is one number ({number:.6g}) in all {len(runs)} requests, so that "
        "it shows nothing of what it is computed from; give a request file of typical values, or "
        "take as output what comes before"
    )
    return (note,)


def _is_one(ends: Sequence[tuple[float, float]]) -> bool:
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    return most - least <= _SEEN * EXACT * max(abs(least), abs(most))


def _varying_outputs(original: Model) -> frozenset[str]:
    """Return the outputs that depend on elements of an input, and not on extents alone."""
    reached = set[ir.Value](original.ir.graph.inputs)
    for node in original.ir.graph:
        if not has_trait(node, Trait.SHAPE_ONLY) and not reached.isdisjoint(all_inputs(node)):
            reached.update(node.outputs)
    return frozenset(value.name or "" for value in original.ir.graph.outputs if value in reached)
