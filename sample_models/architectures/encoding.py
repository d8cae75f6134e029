"""From features to vectors: embedding tables, and the columns of packed inputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sample_models.features import Feature

WIDTH = 16
"""The width of every embedding."""


class Encoder(nn.Module):
    """One vector per feature: its embedding, or its dense values as they are.

    `width` is the sum of the widths of all features that are no sequences.
    """

    def __init__(self, features: Sequence[Feature], *, width: int = WIDTH) -> None:
        super().__init__()
        self.features = tuple(features)
        sizes = {feature.table_name: feature.vocabulary for feature in features}
        self.tables = nn.ModuleDict(
            {name: nn.Embedding(size, width) for name, size in sizes.items() if size}
        )
        self.width = sum(
            width if feature.vocabulary else feature.length
            for feature in features
            if not (feature.vocabulary and feature.length)
        )

    def forward(self, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return [rows, width] for an id, [rows, length, width] for a sequence, by name."""
        return {
            feature.name: self.tables[feature.table_name](values) if feature.vocabulary else values
            for feature, values in zip(self.features, inputs, strict=True)
        }


def unpack(x: Tensor, features: Sequence[Feature]) -> list[Tensor]:
    """Return each feature's columns of the packed input, ids as whole numbers [N, columns]."""
    parts, start = [], 0
    for feature in features:
        part = x[:, start : start + feature.columns]
        parts.append(part.long() if feature.vocabulary else part)
        start += feature.columns
    return parts


def pool(sequence: Tensor, ids: Tensor) -> Tensor:
    """Return the mean [rows, width] of the steps [rows, length, width] that are no padding."""
    mask = (ids != 0).to(sequence.dtype).unsqueeze(-1)
    return (sequence * mask).sum(dim=1) / (mask.sum(dim=1) + 1e-8)


def join(vectors: Sequence[Tensor]) -> Tensor:
    """Return the concatenation of vectors along their last axis."""
    return torch.cat(list(vectors), dim=-1)
