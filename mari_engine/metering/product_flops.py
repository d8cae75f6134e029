"""FLOPs of a model's products, `2 N K M` for `[N, K] x [K, M]`, at the extents seen in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.graph import Model
from mari_engine.metering.instrumented_session import Exposed, groups, readable_values
from mari_engine.metering.multiplications import Multiplication, Shape, multiplication
from mari_engine.ops import is_product
from mari_engine.types import Feeds, Flops

GROUP_BYTES = 256 << 20
"""About how much of what a model computes is held at a time."""
_FASTER = "its work grows faster than the candidates do: they are compared with one another"


@dataclass(frozen=True, eq=False)
class Counted:
    """One product's FLOPs and factors, from the shapes of its operands; or why there are none."""

    node: ir.Node
    work: Multiplication | None
    """For the smallest request that was run."""
    flops: Flops | None
    unmeasured: str = ""

    @property
    def scale(self) -> float:
        """The FLOPs for one candidate divided by those of the smallest request that was run."""
        if self.work is None or self.flops is None or not self.work.flops:
            return 1.0
        return self.flops.at(1) / self.work.flops


def seen_shapes(model: Model, nodes: Sequence[ir.Node], feeds: Feeds) -> Mapping[ir.Value, Shape]:
    """Return the shapes of the nodes' operands and results in one run.

    Raises ExecutionError when the model cannot be run.
    """
    wanted = {value for node in nodes for value in (*node.inputs, *node.outputs) if value}
    run = [value for value in readable_values(model.ir.graph) if value in wanted]
    shapes = {value: _constant_shape(value) for value in wanted if value.const_value is not None}
    for group in groups(run, candidates=1, budget=GROUP_BYTES):
        arrays = Exposed(model, [value.name or "" for value in group]).run(feeds)
        shapes.update({value: arrays[value.name or ""].shape for value in group})
    return shapes


def count_products(model: Model, runs: Mapping[int, Feeds]) -> tuple[Counted, ...]:
    """Return the FLOPs of each product, from runs of three consecutive sizes, or of one alone.

    With one run all work is counted per candidate. Raises ExecutionError when a run fails.
    """
    nodes = [node for node in model.ir.graph if is_product(node)]
    seen = {size: seen_shapes(model, nodes, feeds) for size, feeds in runs.items()}
    return tuple(_count(node, seen) for node in nodes)


def _count(node: ir.Node, seen: Mapping[int, Mapping[ir.Value, Shape]]) -> Counted:
    try:
        works = {size: _work(node, shapes) for size, shapes in seen.items()}
    except Unsupported as reason:
        return Counted(node, None, None, str(reason))
    flops = spread({size: work.flops for size, work in works.items()})
    return Counted(node, works[min(works)], flops, "" if flops is not None else _FASTER)


def spread(work: Mapping[int, int]) -> Flops | None:
    """Return `a + n b` through the FLOPs at three consecutive n; None when they are not affine."""
    size = min(work)
    if len(work) == 1:
        return Flops(0, round(work[size] / size))
    per_candidate = work[size + 1] - work[size]
    per_request = work[size] - size * per_candidate
    if per_request < 0 or work[size + 2] != per_request + (size + 2) * per_candidate:
        return None
    return Flops(per_request, per_candidate)


def _work(node: ir.Node, shapes: Mapping[ir.Value, Shape]) -> Multiplication:
    found: list[Shape | None] = []
    for value in node.inputs:
        if value is not None and value not in shapes:
            raise Unsupported(f"operand {value.name!r} cannot be seen from outside")
        found.append(None if value is None else shapes[value])
    if node.outputs[0] not in shapes:
        raise Unsupported("its result cannot be seen from outside")
    return multiplication(node, found, shapes[node.outputs[0]])


def _constant_shape(value: ir.Value) -> Shape:
    return tuple(value.const_value.shape.numpy()) if value.const_value is not None else ()
