"""Norms by their moments, as differences from the mean.

    x m + (b - mean m)    ->    (x - mean) r g + b        m = r g,  mean = ReduceMean(x)

TensorFlow writes a norm of rows so, to have two passes over x. As a difference it is one that the
rewriter, and runtimes, know (`analysis.layer_norms`), and sides can be centred by their own means.
https://www.tensorflow.org/api_docs/python/tf/nn/batch_normalization
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import replace_by_nodes
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each


@dataclass(frozen=True, eq=False)
class Moments:
    """A norm that is spelled by its moments."""

    node: ir.Node
    """The Add."""
    source: ir.Value
    mean: ir.Value
    factors: tuple[ir.Value, ...]
    """What the difference is multiplied by, one after the other."""
    shift: ir.Value | None
    difference: ir.Value | None
    """From the mean, where a node before makes it."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Add."""
        return (self.node,)


def find_norms_by_moments(graph: ir.Graph, survey: Survey) -> Iterator[Moments | Refusal]:
    """Yield the norms of a graph that are spelled by their moments."""
    places = {node: at for at, node in enumerate(graph)}
    nodes = (node for node in graph if _makes(node, "Add"))
    return match_each(nodes, partial(_match, survey=survey, places=places))


def _match(node: ir.Node, survey: Survey, places: Mapping[ir.Node, int]) -> Moments | None:
    for scaled, left in permutations(node.inputs, 2):
        product, rest = _producer(scaled, "Mul"), _producer(left, "Sub", "Neg")
        taken = None if rest is None else _producer(rest.inputs[-1], "Mul")
        if product is None or rest is None or taken is None:
            continue
        for source, factor in permutations(product.inputs, 2):
            for mean, again in permutations(taken.inputs, 2):
                if source and mean and factor and again is factor and _is_mean(mean, source):
                    shift = rest.inputs[0] if rest.op_type == "Sub" else None
                    made = [
                        use.node.outputs[0]
                        for use in source.uses()
                        if _makes(use.node, "Sub")
                        and tuple(use.node.inputs) == (source, mean)
                        and places.get(use.node, len(places)) < places[node]
                    ]
                    factors = _factors(factor, survey)
                    return Moments(node, source, mean, factors, shift, made[0] if made else None)
    return None


def _is_mean(mean: ir.Value, source: ir.Value) -> bool:
    node = _producer(mean, "ReduceMean")
    return node is not None and node.inputs[0] is source


def _factors(factor: ir.Value, survey: Survey) -> tuple[ir.Value, ...]:
    """Return the scale of rows first, and then the weights, of a factor that is their product."""
    node = _producer(factor, "Mul")
    held = [value for value in node.inputs if value is not None] if node is not None else []
    rows = [value for value in held if not survey.is_static(value) and not value.is_initializer()]
    return (rows[0], *(v for v in held if v is not rows[0])) if len(rows) == 1 else (factor,)


def _producer(value: ir.Value | None, *ops: str) -> ir.Node | None:
    node = None if value is None else value.producer()
    return node if node is not None and _makes(node, *ops) else None


def _makes(node: ir.Node, *ops: str) -> bool:
    return node.op_type in ops and node.domain in STANDARD


def write_differences(found: Moments, copy: Copy) -> None:
    """Put the difference from the mean, scaled and shifted, in the place of the sum."""
    node, source, mean = copy.node(found.node), copy.value(found.source), copy.value(found.mean)
    new = list[ir.Node]()

    def emit(op: str, *inputs: ir.Value) -> ir.Value:
        new.append(ir.node(op, list(inputs), name=f"{node.name}/{op}_{len(new)}"))
        return new[-1].outputs[0]

    made = found.difference
    value = emit("Sub", source, mean) if made is None else copy.value(made)
    for factor in found.factors:
        value = emit("Mul", value, copy.value(factor))
    if found.shift is not None:
        emit("Add", value, copy.value(found.shift))
    replace_by_nodes(node, new)


NORMS_BY_MOMENTS = Pass("norms by moments", find_norms_by_moments, write_differences)
