"""Elements of values laid by the labels of a declaration: moved to and from its results."""

from __future__ import annotations

import math

import numpy as np

from mari_engine.axes import Axes, AxisLabels, Pick, Spec, flat
from mari_engine.metering.variation import Array, Mask


def extents_of(axes: Axes) -> tuple[int, ...]:
    """Return the extents of the factors of declared axes, at a run."""
    return tuple(int(dim) for dim in flat(axes))


def spread(array: Array, own: AxisLabels, labels: AxisLabels) -> Array:
    """Return an array that has an axis for each of `own`, with an axis for each of `labels`.

    Labels that it lacks get an axis of extent 1; those of `own` must be unique and be among them.
    """
    order = sorted(range(len(own)), key=lambda at: labels.index(own[at]))
    shape = [array.shape[own.index(label)] if label in own else 1 for label in labels]
    return array.transpose(order).reshape(shape)


def picked(spec: Pick, at: int, array: Array) -> Array:
    """Return what result `at` has of the operand's elements, in the shape of its factors."""
    laid = array.reshape(extents_of(spec.axes(0)))
    taken = np.take(laid, spec.indices[at], spec.position)
    return taken.reshape(extents_of(spec.results[at]))


def unpicked(spec: Pick, at: int, mask: Mask) -> Mask:
    """Return which elements of the operand result `at` has where `mask` is true."""
    extents = extents_of(spec.axes(0))
    before, after = extents[: spec.position], extents[spec.position + 1 :]
    index = spec.indices[at]
    laid = mask.reshape(math.prod(before), len(index), math.prod(after))
    found = np.zeros((math.prod(before), extents[spec.position], math.prod(after)), np.bool_)
    for place, column in enumerate(index.tolist()):
        found[:, column] |= laid[:, place]
    return found.reshape(extents)


def joined_place(spec: Spec, position: int, at: int) -> tuple[int, int]:
    """Return where operand `at` of a concatenation begins and ends along its position."""
    sizes = [extents_of(own or ())[position] for own in spec.operands[: at + 1]]
    return sum(sizes[:-1]), sum(sizes)
