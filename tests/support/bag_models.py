"""Models of two EmbeddingBags, of the user's ids and of an item's, that meet in a product."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mari_engine.types import InputLabel, Labels, Role
from support.builders import build

LABELS = Labels({
    "uid": InputLabel(role=Role("user"), range=(0, 5)),
    "iid": InputLabel(role=Role("item"), range=(0, 5)),
})  # fmt: skip


def two_bags(first: str, second: str, weights: Mapping[str, np.ndarray]) -> bytes:
    """Return the product of `uid_y` and `iid_y`, which these nodes make of `[N, 3]` ids each."""
    return build(
        f"{first} {second} y = Mul (uid_y, iid_y)",
        inputs="int64[N, 3] uid, int64[N, 3] iid", outputs="float[N, 2] y", weights=dict(weights),
        opset=18,
    )  # fmt: skip
