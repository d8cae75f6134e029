"""What the networks of several files share: embedded features, and a tower over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sample_models.features import Feature


class Fields(nn.Module):
    """Embeddings `[rows, F, E]` of the ids, an own table each; histories share the target's."""

    def __init__(self, features: Sequence[Feature], width: int) -> None:
        super().__init__()
        self.ids = [each for each in features if each.vocabulary and not each.length]
        self.numbers = [each for each in features if not each.vocabulary]
        self.tables = nn.ModuleDict(
            {each.table_name: nn.Embedding(each.vocabulary, width) for each in self.ids}
        )
        self.width = width
        self.columns = width * len(self.ids) + sum(each.length for each in self.numbers)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        """Return the fields."""
        return torch.stack([self.tables[each.table_name](given[each.name]) for each in self.ids], 1)

    def flat(self, given: Mapping[str, Tensor]) -> Tensor:
        """Return the fields side by side with the numbers: `[rows, columns]`."""
        return torch.cat(
            [self(given).flatten(1), *(given[each.name].float() for each in self.numbers)], dim=1
        )

    def sequence(self, given: Mapping[str, Tensor], feature: Feature) -> Tensor:
        """Return the embeddings `[rows, L, E]` of a history."""
        found: Tensor = self.tables[feature.table_name](given[feature.name])
        return found


def tower(width: int, *hidden: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return layers of these widths, and a score at their end."""
    layers: list[nn.Module] = []
    for size in hidden:
        layers += [nn.Linear(width, size), activation()]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 1))
