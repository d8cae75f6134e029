"""Short spellings for test data."""

from __future__ import annotations

import numpy as np


def f32(values: object) -> np.ndarray:
    """Return an array of float32."""
    return np.asarray(values, np.float32)
