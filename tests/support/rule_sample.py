"""One tiny model for a rule of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

REAL = "double"


@dataclass(frozen=True, eq=False)
class Sample:
    """A model in ONNX text, `T` standing for the element type."""

    body: str
    work: int
    outputs: str = "T[N, A] a, T[N, Y] y"
    inputs: str = "T[N, 4] u, T[N, 4] i"
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    kind: str = REAL
    exact: bool = True
    """Whole numbers in, and equal in every bit."""
    opset: int = 17
