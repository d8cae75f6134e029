"""The dialects of random graphs: their numbers, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_OPSETS = (12, 13, 16, 17, 18, 21)
_RECENT_OPSETS = (20, 21, 22, 23)
_NORM_OPSETS = (13, 16, 17, 18, 20, 22, 23)
_ATTENDING_OPSETS = (23, 24)


@dataclass(frozen=True)
class Dialect:
    """What the graphs of a dialect are made of."""

    dtype: type[np.floating] = np.float64
    whole: bool = False
    """Whole numbers only, and no op that leaves them."""
    looping: bool = False
    """With bodies and states, bags of ids and quantized layers."""
    recent: bool = False
    """With the ops of later opsets, gates, masks by lengths, and sizes computed in floats."""
    norms: bool = False
    """With norms over wide columns of both sides."""
    places: bool = False
    """Every row of a history with targets among its places attends to all of them."""
    tables: bool = False
    """With ops of ai.onnx.ml, which are float32."""
    across: bool = False
    """Some features lie along the first axis and the candidates along the second, `[T, N]`."""
    packed: bool = False
    """Most features are columns of one input, each looked up in a table of its own."""
    attending: bool = False
    """With histories, and fused attentions over them."""

    @property
    def opsets(self) -> tuple[int, ...]:
        """The opsets that its graphs are written in."""
        if self.attending:
            return _ATTENDING_OPSETS
        if self.norms:
            return _NORM_OPSETS
        if self.places:
            return _OPSETS[1:]
        return _RECENT_OPSETS if self.recent else _OPSETS


DIALECTS: Mapping[str, Dialect] = {
    "real": Dialect(),
    "whole": Dialect(whole=True),
    "bodies": Dialect(looping=True),
    "whole bodies": Dialect(whole=True, looping=True),
    "float32": Dialect(dtype=np.float32),
    "float16": Dialect(dtype=np.float16),
    "recent": Dialect(recent=True),
    "recent float32": Dialect(recent=True, dtype=np.float32),
    "across": Dialect(across=True),
    "norms": Dialect(norms=True),
    "norms float32": Dialect(norms=True, dtype=np.float32),
    "attention": Dialect(attending=True),
    "attention float32": Dialect(attending=True, dtype=np.float32),
    "places": Dialect(places=True),
    "places float32": Dialect(places=True, dtype=np.float32),
    "tables": Dialect(tables=True, dtype=np.float32),
    "packed": Dialect(packed=True),
    "packed float32": Dialect(packed=True, dtype=np.float32),
}
"""By name, in the order of seeds."""
