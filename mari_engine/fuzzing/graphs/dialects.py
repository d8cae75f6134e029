"""The dialects of random graphs: their numbers, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dialect:
    """What the graphs of a dialect are made of."""

    dtype: type[np.floating] = np.float64
    whole: bool = False
    """Whole numbers only, and no op that leaves them."""
    looping: bool = False
    """With bodies and states, bags of ids and quantized layers."""


DIALECTS: Mapping[str, Dialect] = {
    "real": Dialect(),
    "whole": Dialect(whole=True),
    "bodies": Dialect(looping=True),
    "whole bodies": Dialect(whole=True, looping=True),
    "float32": Dialect(dtype=np.float32),
    "float16": Dialect(dtype=np.float16),
}
"""By name, in the order of seeds."""
