"""Planned inputs: an input's shape, and the features in its columns with their ranges."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from mari_engine.errors import FeedError, LabelError
from mari_engine.feeds.random_features import Feature, at_least_one
from mari_engine.inputs import Ranges, packed_width
from mari_engine.types import Column, InputLabel, Labels

Extent = int | str
"""A number, or the name of a free extent."""


@dataclass(frozen=True)
class Part:
    """Some columns of an input (all when `stop` is None) and what they hold."""

    feature: Feature
    per_request: bool
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class PlannedInput:
    """One input of the model: its shape, and what its columns hold."""

    name: str
    extents: tuple[Extent, ...]
    parts: tuple[Part, ...]
    axis: int | None = 0
    """Where candidates lie that no symbol tells of (see `fixed_axes`), or None."""
    stated: bool = False
    """True where the labels state the axis; else a number of rows may be a history's by chance."""

    @property
    def per_request(self) -> bool:
        """True when nothing in it differs between the candidates of a request."""
        return all(part.per_request for part in self.parts)


def plan_input(
    value: ir.Value, labels: Labels, ranges: Ranges, words: tuple[str, ...] = ()
) -> PlannedInput:
    """Return what an input holds; LabelError where it has no label, FeedError without a rank.

    `words` are the texts that the model knows.
    """
    name = value.name or ""
    if name not in labels.inputs:
        raise LabelError(f"input {name!r} has no role; label it")
    if value.type is not None and not isinstance(value.type, ir.TensorType):
        raise FeedError(
            f"input {name!r} is a sequence or another container, and a request holds tensors only; "
            "export it as one padded tensor with its lengths"
        )
    if value.shape is None or value.dtype is None:
        raise FeedError(f"input {name!r} has no known rank and type; give a request file (.npz)")
    dtype = np.dtype(object) if value.dtype == ir.DataType.STRING else value.dtype.numpy()
    label = labels.inputs[name]
    parts = [
        part
        for piece in label.columns or (label,)
        for part in _plan_parts(name, dtype, piece, ranges, packed_width(value))
    ]
    parts = [replace(part, feature=replace(part.feature, words=words)) for part in parts]
    return PlannedInput(name, _extents_of(name, value.shape), tuple(parts))


def _plan_parts(
    name: str, dtype: np.dtype, piece: Column | InputLabel, ranges: Ranges, width: int | None
) -> Iterator[Part]:
    """Yield the runs of columns that share a range; a label's own range goes before the graph's."""
    assert piece.role is not None  # either a column or a label without columns
    start, stop = (piece.start, piece.stop) if isinstance(piece, Column) else (0, width)
    everywhere = ranges.get((name, None))
    found = [ranges.get((name, at), everywhere) for at in range(start, stop or 1)]
    for bounds, run in itertools.groupby(enumerate(found, start), key=lambda item: item[1]):
        columns = [at for at, _ in run]
        feature = Feature(
            name=(piece.name if isinstance(piece, Column) else "") or name,
            dtype=dtype,
            bounds=piece.range or bounds,
            whole=piece.integer or bounds is not None,
        )
        end = None if stop is None else columns[-1] + 1
        yield Part(feature, piece.role.per_request, columns[0], end)


def rows_of(item: PlannedInput) -> Extent | None:
    """Return the extent of the axis where candidates lie, if any do."""
    return item.extents[item.axis] if item.extents and item.axis is not None else None


def without_empty(item: PlannedInput) -> PlannedInput:
    """Return the input without lengths of 0."""
    parts = (replace(part, feature=at_least_one(part.feature)) for part in item.parts)
    return replace(item, parts=tuple(parts))


def _extents_of(name: str, shape: ir.Shape) -> tuple[Extent, ...]:
    """Return the extents; one without a name gets a name of its own."""
    return tuple(
        extent if isinstance(extent, int) else extent.value or f"?{name}.{axis}"
        for axis, extent in enumerate(shape)
    )


def also_empty(item: PlannedInput, binding: Ranges) -> PlannedInput:
    """Return the input with lengths that may be 0, where nothing but habit makes them 1."""
    firm = any(name == item.name for name, _ in binding)
    parts = (
        replace(part, feature=replace(part.feature, may_be_less=1))
        if not firm and part.feature.whole and (part.feature.bounds or (0,))[0] == 1
        else part
        for part in item.parts
    )
    return replace(item, parts=tuple(parts))
