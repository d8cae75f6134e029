"""Explicit feature interactions: wide parts, FM, cross networks, dot products, attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sample_models.architectures.encoding import WIDTH, Encoder, join, pool, unpack
from sample_models.architectures.tiling import tile_by_expand, tile_by_repeat
from sample_models.architectures.towers import mlp
from sample_models.features import Feature


class WideDeep(nn.Module):
    """A linear model beside an MLP, over one packed input; sequences are mean-pooled."""

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.features = tuple(features)
        self.wide = Encoder(features, width=1)
        self.deep = Encoder(features)
        sequences = sum(1 for f in features if f.vocabulary and f.length)
        dense = sum(f.length for f in features if not f.vocabulary)
        self.dense = nn.Linear(dense, 1)
        width = self.deep.width + sequences * WIDTH
        self.norm = nn.BatchNorm1d(width)
        self.mlp = mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        parts = unpack(x, self.features)
        wide = join(self._fields(self.wide, parts)).sum(dim=-1, keepdim=True)
        numbers = [p for f, p in zip(self.features, parts, strict=True) if not f.vocabulary]
        deep = join(self._fields(self.deep, parts) + numbers)
        return torch.sigmoid(wide + self.dense(join(numbers)) + self.mlp(self.norm(deep)))

    def _fields(self, encoder: Encoder, parts: Sequence[Tensor]) -> list[Tensor]:
        vectors = encoder(parts)
        return [
            pool(vectors[f.name], part) if f.length else vectors[f.name].squeeze(1)
            for f, part in zip(self.features, parts, strict=True)
            if f.vocabulary
        ]


class DeepFM(nn.Module):
    """A linear model, a factorization machine and an MLP, over one packed input."""

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.features = tuple(features)
        self.linear = Encoder(features, width=1)
        self.embed = Encoder(features)
        self.dense = nn.Linear(sum(f.length for f in features if not f.vocabulary), 1, bias=False)
        self.mlp = mlp(self.embed.width)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        parts = unpack(x, self.features)
        linear, embedded = self.linear(parts), self.embed(parts)
        fields = [f.name for f in self.features if f.vocabulary]
        numbers = join([embedded[f.name] for f in self.features if not f.vocabulary])
        first = join([linear[name] for name in fields]).sum(dim=-1) + self.dense(numbers)
        second = _factorize(torch.cat([embedded[name] for name in fields], dim=1))
        flat = torch.flatten(join([embedded[name] for name in fields]), start_dim=1)
        return torch.sigmoid(first + second + self.mlp(join([flat, numbers])))


def _factorize(fields: Tensor) -> Tensor:
    """Return half of (sum squared minus sum of squares) over fields [N, F, E], as [N, 1]."""
    square_of_sum = fields.sum(dim=1).pow(2)
    sum_of_square = (fields * fields).sum(dim=1)
    return 0.5 * (square_of_sum - sum_of_square).sum(dim=1, keepdim=True)


class CrossNetwork(nn.Module):
    """DCN v2: x0 * (W x + b) + x, layer by layer, over [N, width]."""

    def __init__(self, width: int, *, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))

    def forward(self, x0: Tensor) -> Tensor:
        """Return the crossed features, shaped as they came."""
        x = x0
        for layer in self.layers:
            x = x0 * layer(x) + x
        return x


class DeepCross(nn.Module):
    """A cross network and an MLP over the same features, joined by a linear layer."""

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.encoder = Encoder(features)
        self.cross = CrossNetwork(self.encoder.width, layers=2)
        self.deep = mlp(self.encoder.width, outputs=None)
        self.head = nn.Linear(self.encoder.width + 64, 1)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        x = join(list(self.encoder(inputs).values()))
        return torch.sigmoid(self.head(join([self.cross(x), self.deep(x)])))


class DotInteraction(nn.Module):
    """DLRM: the dot products of all pairs of fields, and the dense vector, into a tower.

    The user's inputs are one row each and come first; the first of them is dense.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.count = sum(feature.per_request for feature in features)
        self.encoder = Encoder(features)
        self.bottom = mlp(features[0].length, hidden=(64, WIDTH), outputs=None)
        fields = len(features)
        self.register_buffer("pairs", torch.tril_indices(fields, fields, offset=-1))
        self.top = mlp(WIDTH + fields * (fields - 1) // 2)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        vectors = list(self.encoder(inputs).values())
        vectors[0] = self.bottom(vectors[0])
        item = vectors[self.count]
        user = [tile_by_expand(vector, item) for vector in vectors[: self.count]]
        fields = torch.stack(user + vectors[self.count :], dim=1)
        dots = torch.bmm(fields, fields.transpose(1, 2))
        flat = dots[:, self.pairs[0], self.pairs[1]]
        return torch.sigmoid(self.top(join([user[0], flat])))


class FieldAttention(nn.Module):
    """AutoInt: self-attention over the fields, whose ids share one table with offsets.

    The user's ids [1] come first, and are joined with the item's ids [N] before the lookup.
    """

    def __init__(self, features: Sequence[Feature], *, heads: int = 2, layers: int = 2) -> None:
        super().__init__()
        self.count = sum(feature.per_request for feature in features)
        sizes = torch.tensor([0, *(feature.vocabulary for feature in features)])
        self.register_buffer("offsets", torch.cumsum(sizes, dim=0)[:-1])
        self.table = nn.Embedding(int(sizes.sum()), WIDTH)
        self.attention = nn.ModuleList(
            nn.MultiheadAttention(WIDTH, heads, batch_first=True) for _ in range(layers)
        )
        self.mlp = mlp(len(features) * WIDTH)
        self.head = nn.Linear(len(features) * WIDTH, 1)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        user = torch.stack(list(inputs[: self.count]), dim=1)
        item = torch.stack(list(inputs[self.count :]), dim=1)
        ids = torch.cat([tile_by_repeat(user, item), item], dim=1) + self.offsets
        embedded = self.table(ids)
        fields = embedded
        for attention in self.attention:
            fields = torch.relu(attention(fields, fields, fields, need_weights=False)[0] + fields)
        score = self.head(fields.flatten(1)) + self.mlp(embedded.flatten(1))
        return torch.sigmoid(score)
