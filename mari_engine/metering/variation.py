"""Variation of a value: between candidates, between requests, and along its axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]


class Observation:
    """One value over many runs of one candidate each; fed in order, request by request.

    Runs on one thread repeat bit for bit, so that elements are compared exactly; NaN equals NaN,
    and zero equals minus zero.
    """

    def __init__(self, *, closely: bool, along: bool = False) -> None:
        """Element by element where `closely`, otherwise only whether anything differs.

        With `along` it is also seen where the value is the same all along an axis.
        """
        self.closely = closely
        self._along = along
        self.shape: tuple[int, ...] | None = None
        self.ragged = False
        """Its shape depends on the data."""
        self.random = False
        """It differed between two runs of the same request."""
        self.grows = False
        """It is larger for more candidates."""
        self.copied: tuple[int, ...] = ()
        """Its axes along which one candidate stands several times."""
        self.differs = False
        """Some element differed between candidates of one request."""
        self.varies: Mask = np.zeros(0, np.bool_)
        """Elements that differed between candidates of one request."""
        self.moves: Mask = np.zeros(0, np.bool_)
        """Elements that were not the same in all runs."""
        self.same: list[Mask] = []
        """For each axis: the places that are the same all along it, in every run."""
        self._origin: Array | None = None
        self._first: Array | None = None

    def see(self, array: Array, *, first: bool) -> None:
        """Compare one more run; `first` when its candidate is the first of its request."""
        if self.shape is None:
            self._begin(array)
        elif array.shape != self.shape:
            self.ragged = True
        if self.ragged:
            self.differs = True
            return
        self._first = array if first else self._first
        if self.closely:
            self._look_closely(array)
        elif not self.differs and not first and self._first is not None:
            self.differs = bool(unlike(array, self._first).any())

    def see_again(self, array: Array) -> None:
        """Compare a second run of the very first request: a difference means random numbers."""
        same = self._origin is None or (
            array.shape == self._origin.shape and not unlike(array, self._origin).any()
        )
        self.random = self.random or not same

    def compare(self, shape: tuple[int, ...], *, copies: int) -> None:
        """Compare the shape for one candidate more; `copies` is how often each one stood there."""
        own = self.shape or ()
        self.grows = shape != own
        pairs = zip(own, shape, strict=False)
        if copies > 1:
            self.copied = tuple(at for at, (one, other) in enumerate(pairs) if one != other)

    def forget(self) -> None:
        """Release the arrays of the runs."""
        self._origin = self._first = None

    def _begin(self, array: Array) -> None:
        self.shape, self._origin = array.shape, array
        if self.closely:
            self.varies = np.zeros(array.shape, np.bool_)
            self.moves = np.zeros(array.shape, np.bool_)
            self.same = [
                np.ones((*array.shape[:at], 1, *array.shape[at + 1 :]), np.bool_)
                for at in range(array.ndim)
                if self._along
            ]

    def _look_closely(self, array: Array) -> None:
        assert self._first is not None
        assert self._origin is not None
        self.varies |= unlike(array, self._first)
        self.moves |= unlike(array, self._origin)
        self.differs = bool(self.varies.any())
        for axis, mask in enumerate(self.same):
            if array.shape[axis] > 1 and mask.any():
                start = np.take(array, [0], axis)
                mask &= ~unlike(array, start).any(axis, keepdims=True)


def fixed_elements(seen: Observation) -> Mask:
    """Return the elements that differ between no two candidates of a request.

    An element that was the same in all runs, in a value of which others differ between candidates,
    may belong to either side (a unit that never fired): it counts as different.
    """
    return ~seen.varies & known_elements(seen)


def known_elements(seen: Observation) -> Mask:
    """Return the elements of which it is known whose they are."""
    return seen.moves if seen.differs else np.ones_like(seen.moves)


def unlike(one: Array, other: Array) -> Mask:
    """Return where two arrays differ, broadcast."""
    different: Mask = np.asarray(one != other)
    if one.dtype.kind in "fc":
        different &= ~((one != one) & (other != other))
    return different
