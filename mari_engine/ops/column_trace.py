"""How operators that only move elements about pass columns on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from mari_engine.graph import constant_array


@dataclass(frozen=True, eq=False)
class Trace:
    """What a value's elements are: for each position along `axis`, an input's column.

    With `axis` None the positions are lost: any element may be any of them.
    """

    inputs: np.ndarray
    """For each position, the number of the graph input."""
    columns: np.ndarray
    """For each position, the column of the input's last axis, or -1 for a whole input."""
    offsets: np.ndarray
    """For each position, what has been added to the column."""
    axis: int | None
    partial: bool = False
    """Only some of the columns are there, and nothing tells which."""

    def take(self, positions: np.ndarray) -> Trace:
        """Return the trace of some of the positions, in their order."""
        return replace(
            self, inputs=self.inputs[positions], columns=self.columns[positions],
            offsets=self.offsets[positions],
        )  # fmt: skip

    def without_places(self) -> Trace:
        """Return the same columns in no order."""
        return replace(self, axis=None)

    def some(self) -> Trace:
        """Return the trace of a choice among columns of which nothing tells where they are."""
        return replace(self, axis=None, partial=self.partial or len(set(self.columns)) > 1)


Rule = Callable[[ir.Node, list[Trace | None]], Sequence[Trace | None]]
"""From the traces of a node's inputs to those of its outputs; None where nothing is traced."""


def _keep(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    return [traces[0]]


def _lose_places(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    return [traces[0].without_places() if traces[0] is not None else None]


def _slice(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, bounds = traces[0], [constant_array(value) for value in node.inputs[1:]]
    if trace is None:
        return [None]
    rank = _rank(node.inputs[0])
    if trace.axis is None or rank is None or len(bounds) < 2:
        return [trace.some()]
    if bounds[0] is None or bounds[1] is None:
        return [trace.some()]
    count = bounds[0].size
    if any(array is not None and array.shape != (count,) for array in bounds):
        return [trace.some()]
    axes = _numbers(bounds, 2, np.arange(count)) % rank
    steps = _numbers(bounds, 3, np.ones(count, np.int64))
    for axis, start, stop, step in zip(axes, bounds[0], bounds[1], steps, strict=True):
        if axis == trace.axis:
            chosen = np.arange(len(trace.columns))[int(start) : int(stop) : int(step)]
            return [trace.take(chosen)]
    return [trace]


def _numbers(arrays: list[np.ndarray | None], at: int, default: np.ndarray) -> np.ndarray:
    found = arrays[at] if at < len(arrays) else None
    return default if found is None else found


def _split(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, rank, parts = traces[0], _rank(node.inputs[0]), len(node.outputs)
    if trace is None or trace.axis is None or rank is None:
        return [None if trace is None else trace.some()] * parts
    if node.attributes.get_int("axis", 0) % rank != trace.axis:
        return [trace] * parts
    width = len(trace.columns)
    given = constant_array(node.inputs[1]) if len(node.inputs) > 1 else None
    sizes = list(node.attributes.get_ints("split", ())) if given is None else list(given)
    if not sizes:
        piece = -(-width // parts)
        sizes = [min(piece, max(0, width - at * piece)) for at in range(parts)]
    stops = np.cumsum(sizes)
    return [
        trace.take(np.arange(stop - size, stop)) for size, stop in zip(sizes, stops, strict=True)
    ]


def _gather(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, index, rank = traces[0], constant_array(node.inputs[1]), _rank(node.inputs[0])
    if trace is None:
        return [None]
    if trace.axis is None or rank is None:
        return [trace.some()]
    axis = node.attributes.get_int("axis", 0) % rank
    if axis == trace.axis:
        return [trace.some() if index is None else _pick(trace, index)]
    index_rank = _rank(node.inputs[1])
    if index_rank is None:
        return [trace.without_places()]
    moved = trace.axis + index_rank - 1 if axis < trace.axis else trace.axis
    return [replace(trace, axis=moved)]


def _pick(trace: Trace, index: np.ndarray) -> Trace:
    width = len(trace.columns)
    valid = index[(index >= -width) & (index < width)].astype(np.int64)
    picked = trace.take(valid.reshape(-1))
    return picked if index.ndim == 1 else picked.without_places()


def _gather_nd(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, index = traces[0], constant_array(node.inputs[1])
    if trace is None or index is None or node.attributes.get_int("batch_dims", 0) != 0:
        return [None if trace is None else trace.some()]
    if trace.axis == 0 and index.ndim == 2 and index.shape[1] == 1:
        return [_pick(trace, index[:, 0])]
    return [trace.some()]


def _transpose(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, rank = traces[0], _rank(node.inputs[0])
    if trace is None or trace.axis is None or rank is None:
        return [trace]
    order = list(node.attributes.get_ints("perm", tuple(reversed(range(rank)))))
    return [replace(trace, axis=order.index(trace.axis))]


def _reshape(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    """Find the axis again: the one of its extent with nothing but ones behind or before it."""
    trace, before, after = traces[0], node.inputs[0], node.outputs[0].shape
    if trace is None or trace.axis is None or before is None or before.shape is None:
        return [trace]
    if after is None:
        return [trace.without_places()]
    behind = [extent for extent in before.shape[trace.axis + 1 :] if extent != 1]
    width = len(trace.columns)
    for at in reversed(range(len(after))):
        tail = [extent for extent in after[at + 1 :] if extent != 1]
        if after[at] == width and not tail and not behind:
            return [replace(trace, axis=at)]
    return [trace.without_places()]


def _expand(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, before = traces[0], _rank(node.inputs[0])
    after = _rank(node.outputs[0])
    if trace is None or trace.axis is None:
        return [trace]
    if before is None or after is None:
        return [trace.without_places()]
    return [replace(trace, axis=trace.axis + after - before)]


def _tile(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace = traces[0]
    if trace is None or trace.axis is None:
        return [trace]
    once = _element(node.inputs[1], trace.axis) == 1
    return [trace if once else trace.without_places()]


def _element(value: ir.Value | None, at: int) -> int | None:
    """Return one element of a rank-1 constant, also of one that is constant only there."""
    array = constant_array(value)
    if array is not None:
        return int(array.reshape(-1)[at])
    producer = value.producer() if value is not None else None
    if producer is None or producer.op_type != "Concat" or at >= len(producer.inputs):
        return None
    pieces = producer.inputs[: at + 1]
    if any(piece is None or piece.shape != (1,) for piece in pieces):
        return None
    return _element(pieces[at], 0)


def _concat(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    found = [trace for trace in traces if trace is not None]
    rank = _rank(node.outputs[0])
    if len(found) < len(traces) or rank is None:
        return [None]
    axis = node.attributes.get_int("axis", 0) % rank
    parts = [_placed(trace, axis, value) for trace, value in zip(found, node.inputs, strict=True)]
    placed = [part for part in parts if part is not None]
    whole = placed if len(placed) == len(found) else found
    return [
        Trace(
            np.concatenate([part.inputs for part in whole]),
            np.concatenate([part.columns for part in whole]),
            np.concatenate([part.offsets for part in whole]),
            axis if len(placed) == len(found) else None,
            any(part.partial for part in whole),
        )
    ]


def _placed(trace: Trace, axis: int, value: ir.Value | None) -> Trace | None:
    """Return the trace with one entry for each position along an axis, if that is known."""
    if trace.axis == axis:
        return trace
    if value is None or value.shape is None or len(trace.columns) != 1:
        return None
    extent = value.shape[axis]
    return trace.take(np.zeros(extent, np.int64)) if isinstance(extent, int) else None


def _shift(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    """Add or subtract a constant: the offsets of a table shared by several fields."""
    at = 0 if traces[0] is not None else 1
    trace, constant = traces[at], constant_array(node.inputs[1 - at])
    if trace is None or constant is None or constant.dtype.kind not in "iuf":
        return [None]
    if node.op_type == "Sub" and at == 1:
        return [None]
    sign = -1.0 if node.op_type == "Sub" else 1.0
    if constant.size == 1:
        return [replace(trace, offsets=trace.offsets + sign * constant.item())]
    rank = _rank(node.outputs[0])
    if trace.axis is None or rank is None:
        return [None]
    from_right = rank - trace.axis
    if constant.size != len(trace.columns) or constant.shape[-from_right] != constant.size:
        return [None]
    return [replace(trace, offsets=trace.offsets + sign * constant.reshape(-1))]


def _choose(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    """Where(condition, a, b): one of the two is traced, the other a default."""
    found = [trace for trace in traces[1:] if trace is not None]
    return [found[0].without_places() if len(found) == 1 else None]


def _squeeze(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, before = traces[0], node.inputs[0]
    axes = _axes(node)
    if trace is None or trace.axis is None:
        return [trace]
    if before is None or before.shape is None:
        return [trace.without_places()]
    rank = len(before.shape)
    if axes is None:
        axes = [at for at, extent in enumerate(before.shape) if extent == 1]
    gone = [axis % rank for axis in axes]
    if trace.axis in gone:
        return [trace.without_places()]
    return [replace(trace, axis=trace.axis - sum(axis < trace.axis for axis in gone))]


def _unsqueeze(node: ir.Node, traces: list[Trace | None]) -> Sequence[Trace | None]:
    trace, rank, axes = traces[0], _rank(node.inputs[0]), _axes(node)
    if trace is None or trace.axis is None:
        return [trace]
    if axes is None or rank is None:
        return [trace.without_places()]
    new = {axis % (rank + len(axes)) for axis in axes}
    kept = [at for at in range(rank + len(axes)) if at not in new]
    return [replace(trace, axis=kept[trace.axis])]


def _axes(node: ir.Node) -> list[int] | None:
    if len(node.inputs) > 1:
        given = constant_array(node.inputs[1])
        return None if given is None else [int(axis) for axis in given.reshape(-1)]
    given_attribute = node.attributes.get_ints("axes", None)
    return None if given_attribute is None else list(given_attribute)


def _rank(value: ir.Value | None) -> int | None:
    return None if value is None or value.shape is None else len(value.shape)


RULES: dict[str, Rule] = {
    "Cast": _keep, "Clip": _keep, "Dropout": _keep, "Floor": _keep, "Identity": _keep,
    "Max": _lose_places, "Min": _lose_places, "Round": _keep,
    "Add": _shift, "Concat": _concat, "Expand": _expand, "Flatten": _reshape,
    "Gather": _gather, "GatherND": _gather_nd, "Reshape": _reshape, "Slice": _slice,
    "Split": _split, "Squeeze": _squeeze, "Sub": _shift, "Tile": _tile,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze, "Where": _choose,
}  # fmt: skip
