"""Weight statistics: range, mean, deviation and histogram, of a sample where a weight is large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.graph.dtypes import name_dtype
from mari_engine.graph.model import Model

BINS = 32
MOST = 1 << 20
"""Of a larger weight so many elements are read, in stretches spread over all of it."""
_STRETCHES = 256
_FEW = 16


@dataclass(frozen=True)
class WeightSummary:
    """The elements of one weight; the figures are those of the finite elements that were read."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    read: int
    """How many elements were looked at; fewer than there are when the weight is large."""
    infinite: int = 0
    """How many of them are infinite or not a number."""
    zeros: int = 0
    least: float = 0.0
    most: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0
    """The standard deviation."""
    counts: tuple[int, ...] = ()
    """Elements in bins of the same width from `least` to `most`; empty where there is no number."""
    values: tuple[float, ...] = ()
    """All elements in order, when there are only a few."""

    @property
    def elements(self) -> int:
        """How many elements there are."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count


def summarize_weight(model: Model, name: str) -> WeightSummary:
    """Return what the initializer `name` holds; external data are read in stretches only.

    Raises ModelError when the model has no such initializer, or its data cannot be read.
    """
    value = model.ir.graph.initializers.get(name)
    tensor = None if value is None else value.const_value
    if tensor is None:
        raise ModelError(f"{model.name}: there is no weight {name!r}; `mari inspect` lists names")
    shape = tuple(int(extent) for extent in tensor.shape.numpy())
    dtype = name_dtype(tensor.dtype)
    if tensor.dtype == ir.DataType.STRING:
        return WeightSummary(name, dtype, shape, 0)
    try:
        elements = _sample(tensor.numpy())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{model.name}: the data of {name!r} cannot be read ({error}); put its file beside it"
        ) from error
    return _summarize(name, dtype, shape, elements)


def _sample(array: np.ndarray) -> np.ndarray:
    """Return the elements in double precision, or stretches of them where they are many."""
    flat = array.reshape(-1)
    if flat.size > MOST:
        length = MOST // _STRETCHES
        starts = np.linspace(0, flat.size - length, _STRETCHES).astype(np.int64)
        flat = np.concatenate([flat[start : start + length] for start in starts])
    return flat.astype(np.float64)


def _summarize(
    name: str, dtype: str, shape: tuple[int, ...], elements: np.ndarray
) -> WeightSummary:
    finite = elements[np.isfinite(elements)]
    infinite = int(elements.size - finite.size)
    values = tuple(elements.tolist()) if elements.size <= _FEW and not infinite else ()
    if not finite.size:
        return WeightSummary(name, dtype, shape, int(elements.size), infinite)
    least, most = float(finite.min()), float(finite.max())
    scale = max(abs(least), abs(most)) or 1.0  # so that no square of an extreme overflows
    unit = finite / scale
    places = np.zeros(finite.size, np.int64)
    if most > least:
        low, high = least / scale, most / scale
        places = ((unit - low) / (high - low) * BINS).astype(np.int64)
    counts = np.bincount(np.minimum(places, BINS - 1), minlength=BINS)
    return WeightSummary(
        name,
        dtype,
        shape,
        int(elements.size),
        infinite,
        int(np.count_nonzero(finite == 0)),
        least,
        most,
        float(unit.mean()) * scale,
        float(unit.std()) * scale,
        tuple(counts.tolist()),
        values,
    )
