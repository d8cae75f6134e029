"""Towers: multi-layer perceptrons over joined features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sample_models.architectures.encoding import Encoder, join
from sample_models.features import Feature

HIDDEN = (256, 128, 64)
"""The hidden widths of every tower."""


def mlp(width: int, *, hidden: Sequence[int] = HIDDEN, outputs: int | None = 1) -> nn.Sequential:
    """Return Linear and ReLU for each hidden width, then a Linear to the outputs if any."""
    layers: list[nn.Module] = []
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
    if outputs is not None:
        layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)


class Tower(nn.Module):
    """One MLP over the user's and the item's columns, each given as one dense input."""

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.mlp = mlp(sum(feature.length for feature in features))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        return torch.sigmoid(self.mlp(join(inputs)))


class FragmentedTower(nn.Module):
    """The same function as a Tower, with the columns of its two inputs in turns.

    Each input is cut into fragments, and the first layer reads fragment 0 of the user,
    fragment 0 of the item, fragment 1 of the user, and so on; the rows of its weight are
    those of the Tower, permuted to match.
    """

    def __init__(
        self, tower: nn.Module, *, user_cuts: Sequence[int], item_cuts: Sequence[int]
    ) -> None:
        super().__init__()
        self.user_cuts, self.item_cuts = list(user_cuts), list(item_cuts)
        user = torch.arange(sum(user_cuts)).split(self.user_cuts)
        item = (torch.arange(sum(item_cuts)) + sum(user_cuts)).split(self.item_cuts)
        self.mlp = tower.mlp
        first = self.mlp[0]
        first.weight = nn.Parameter(first.weight[:, _in_turns(user, item)].detach().clone())

    def forward(self, user_features: Tensor, item_features: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        user = user_features.split(self.user_cuts, dim=1)
        item = item_features.split(self.item_cuts, dim=1)
        return torch.sigmoid(self.mlp(_in_turns(user, item)))


def _in_turns(user: Sequence[Tensor], item: Sequence[Tensor]) -> Tensor:
    return join([part for pair in zip(user, item, strict=True) for part in pair])


class SingleTower(nn.Module):
    """One MLP over the embeddings of all features, with BatchNorm behind its first layer."""

    def __init__(self, features: Sequence[Feature]) -> None:
        super().__init__()
        self.encoder = Encoder(features)
        self.first = nn.Linear(self.encoder.width, HIDDEN[0])
        self.norm = nn.BatchNorm1d(HIDDEN[0])
        self.rest = mlp(HIDDEN[0], hidden=HIDDEN[1:])

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N, 1]."""
        x = join(list(self.encoder(inputs).values()))
        return torch.sigmoid(self.rest(torch.relu(self.norm(self.first(x)))))


class TwoTower(nn.Module):
    """A user and an item tower, normalized, joined by a scaled dot product."""

    def __init__(self, features: Sequence[Feature], *, temperature: float = 0.1) -> None:
        super().__init__()
        self.count = sum(feature.per_request for feature in features)
        self.user_encoder = Encoder(features[: self.count])
        self.item_encoder = Encoder(features[self.count :])
        self.user_tower = mlp(self.user_encoder.width, outputs=32)
        self.item_tower = mlp(self.item_encoder.width, outputs=32)
        self.temperature = temperature

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return scores [N]; the user's inputs come first."""
        user = join(list(self.user_encoder(inputs[: self.count]).values()))
        item = join(list(self.item_encoder(inputs[self.count :]).values()))
        user_vector = functional.normalize(self.user_tower(user), dim=1)
        item_vector = functional.normalize(self.item_tower(item), dim=1)
        return torch.sigmoid((user_vector * item_vector).sum(dim=1) / self.temperature)
