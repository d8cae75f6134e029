"""The ways in which real models repeat a user's row for every candidate."""

from __future__ import annotations

import torch
from torch import Tensor


def tile_by_expand(row: Tensor, like: Tensor) -> Tensor:
    """Return the row [1, ...], seen once per row of `like`."""
    return row.expand(like.shape[0], *row.shape[1:])


def tile_by_repeat(row: Tensor, like: Tensor) -> Tensor:
    """Return the row [1, ...], copied once per row of `like`."""
    return row.repeat(like.shape[0], *(1 for _ in row.shape[1:]))


def tile_by_index(row: Tensor, like: Tensor) -> Tensor:
    """Return the row [1, ...], picked by the index 0 once per row of `like`."""
    zeros = torch.zeros(like.shape[0], dtype=torch.int64)
    return torch.index_select(row, 0, zeros)
