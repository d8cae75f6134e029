"""The arithmetic of formulas that declarations give, on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


class NumpyArithmetic:
    """Computes with arrays what the rewriter writes as nodes."""

    def number(self, number: float, like: Numbers) -> Numbers:
        return np.asarray(number, like.dtype)

    def add(self, left: Numbers, right: Numbers) -> Numbers:
        return left + right

    def subtract(self, left: Numbers, right: Numbers) -> Numbers:
        return left - right

    def multiply(self, left: Numbers, right: Numbers) -> Numbers:
        return left * right

    def divide(self, left: Numbers, right: Numbers) -> Numbers:
        return left / right

    def square_root(self, value: Numbers) -> Numbers:
        return np.asarray(np.sqrt(value))

    def sign(self, value: Numbers) -> Numbers:
        return np.asarray(np.sign(value))
