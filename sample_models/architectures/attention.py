"""Models of a user's history: DIN, target attention, a Transformer and a GRU encoder.

The feature order of all of them: the user's (one or two histories first), then the item's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sample_models.architectures.encoding import WIDTH, Encoder, join, pool
from sample_models.architectures.tiling import tile_by_index
from sample_models.architectures.towers import mlp
from sample_models.features import Feature


class Dice(nn.Module):
    """DIN's activation: a BatchNorm decides between x and alpha * x, for [rows, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.alpha = nn.Parameter(0.25 * torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the activation, shaped as it came."""
        share = torch.sigmoid(self.norm(x))
        return share * x + (1 - share) * self.alpha * x


class LocalActivation(nn.Module):
    """One weight per step of a history, from an MLP over q, k, q - k and q * k."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4 * width, 80), Dice(80), nn.Linear(80, 40), Dice(40), nn.Linear(40, 1)
        )

    def forward(self, target: Tensor, steps: Tensor, mask: Tensor) -> Tensor:
        """Return the weighted sum [N, E] of steps [N, L, E] for the target [N, E]."""
        length, width = steps.shape[1], steps.shape[2]
        query = target.unsqueeze(1).expand(-1, length, -1)
        pairs = torch.cat([query, steps, query - steps, query * steps], dim=-1)
        weights = self.layers(pairs.reshape(-1, 4 * width)).reshape(-1, 1, length)
        weights = torch.where(mask.unsqueeze(1), weights, torch.zeros_like(weights))
        return torch.matmul(weights, steps).squeeze(1)


class DIN(nn.Module):
    """Target attention over item and category history, pooled beside the profile.

    The first two features are the histories; the item's first two are their targets.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.encoder = Encoder(features)
        self.attention = LocalActivation(2 * WIDTH)
        self.mlp = mlp(self.encoder.width + 2 * WIDTH)
        names = [feature.name for feature in features]
        self.targets = [f.name for f in features if not f.per_request][:2]
        self.histories, self.plain = names[:2], names[2:]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        vectors = self.encoder(inputs)
        target = join([vectors[name] for name in self.targets])
        steps = join([vectors[name] for name in self.histories])
        interest = self.attention(target, steps, inputs[0] != 0)
        return torch.sigmoid(self.mlp(join([interest, *(vectors[n] for n in self.plain)])))


class TargetAttention(nn.Module):
    """Multi-head attention of the target over the user's history, given as one row.

    The user's tensors are tiled before the attention; nn.MultiheadAttention runs in
    [steps, rows, width].
    """

    def __init__(self, features: Sequence[Feature], *, heads: int = 4) -> None:
        super().__init__()
        self.count = sum(feature.per_request for feature in features)
        self.encoder = Encoder(features, width=2 * WIDTH)
        self.position = nn.Parameter(torch.randn(features[0].length, 2 * WIDTH) * 0.1)
        self.attention = nn.MultiheadAttention(2 * WIDTH, heads)
        self.norm = nn.LayerNorm(2 * WIDTH)
        self.mlp = mlp(self.encoder.width + 2 * WIDTH)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        steps, *vectors = self.encoder(inputs).values()
        profile, item = vectors[: self.count - 1], vectors[self.count - 1 :]
        target = item[0]
        keys = tile_by_index(steps + self.position, target).transpose(0, 1)
        padding = tile_by_index(inputs[0] == 0, target)
        interest, _ = self.attention(
            target.unsqueeze(0), keys, keys, key_padding_mask=padding, need_weights=False
        )
        interest = self.norm(interest.squeeze(0) + target)
        user = tile_by_index(join(profile), target)
        return torch.sigmoid(self.mlp(join([user, interest, *item])))


class HistoryTransformer(nn.Module):
    """A Transformer encoder over the history, its mean beside the other features."""

    def __init__(self, features: Sequence[Feature], *, layers: int = 2) -> None:
        super().__init__()
        width = 2 * WIDTH
        self.encoder = Encoder(features, width=width)
        self.position = nn.Parameter(torch.randn(features[0].length, width) * 0.1)
        layer = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=4 * width, dropout=0.0, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.mlp = mlp(self.encoder.width + width)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        steps, *vectors = self.encoder(inputs).values()
        padding = inputs[0] == 0
        steps = self.layers(steps + self.position, src_key_padding_mask=padding)
        return torch.sigmoid(self.mlp(join([pool(steps, inputs[0]), *vectors])))


class HistoryGRU(nn.Module):
    """A GRU over the history, its last state beside the other features.

    It runs in [steps, rows, width], torch's default.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.encoder = Encoder(features)
        self.gru = nn.GRU(WIDTH, 2 * WIDTH)
        self.mlp = mlp(self.encoder.width + 2 * WIDTH)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        steps, *vectors = self.encoder(inputs).values()
        _, last = self.gru(steps.transpose(0, 1))
        return torch.sigmoid(self.mlp(join([last.squeeze(0), *vectors])))
