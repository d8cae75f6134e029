"""Tensors of the new graph: values that nodes compute, and constants that are read lazily."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor whose elements are known; they are read only when something needs them."""

    read: Callable[[], Array]
    dtype: ir.DataType
    original: ir.Value | None = None
    """The initializer that holds exactly this tensor, to be shared instead of copied."""

    @cached_property
    def array(self) -> Array:
        """The elements."""
        return self.read()

    def mapped(self, change: Callable[[Array], Array]) -> Constant:
        """Return the constant that `change` makes of this one, lazily."""
        return Constant(lambda: np.asarray(change(self.array), order="C"), self.dtype)


Tensor = ir.Value | Constant
