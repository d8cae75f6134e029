"""Mixtures of experts for several tasks: MMoE and PLE."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sample_models.architectures.encoding import Encoder, join
from sample_models.architectures.tiling import tile_by_expand
from sample_models.architectures.towers import mlp
from sample_models.features import Feature

EXPERT = (128, 64)
"""The layers of every expert."""


def mix(gate: Tensor, experts: Sequence[Tensor]) -> Tensor:
    """Return the sum [N, H] of expert outputs [N, H], weighted by the softmax of a gate [N, X]."""
    weights = torch.softmax(gate, dim=-1).unsqueeze(-1)
    return (weights * torch.stack(list(experts), dim=1)).sum(dim=1)


class MMoE(nn.Module):
    """Experts and one gate per task over one Concat, in the order of the features.

    The user's features are one row each and are tiled one by one, before the Concat.
    """

    def __init__(self, features: Sequence[Feature], *, experts: int = 3, tasks: int = 2) -> None:
        super().__init__()
        self.features = tuple(features)
        self.encoder = Encoder(features)
        width = self.encoder.width
        self.experts = nn.ModuleList(
            mlp(width, hidden=EXPERT, outputs=None) for _ in range(experts)
        )
        self.gates = nn.ModuleList(nn.Linear(width, experts, bias=False) for _ in range(tasks))
        self.towers = nn.ModuleList(mlp(EXPERT[-1], hidden=(32,)) for _ in range(tasks))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return scores [N, 1], one for each task."""
        vectors = self.encoder(inputs)
        item = next(vectors[f.name] for f in self.features if not f.per_request)
        x = join(
            [
                tile_by_expand(vectors[f.name], item) if f.per_request else vectors[f.name]
                for f in self.features
            ]
        )
        outputs = [expert(x) for expert in self.experts]
        return tuple(
            torch.sigmoid(tower(mix(gate(x), outputs)))
            for gate, tower in zip(self.gates, self.towers, strict=True)
        )


class Extraction(nn.Module):
    """One level of PLE: shared experts and task experts, a gate per task and a shared one."""

    def __init__(self, width: int, *, tasks: int, experts: int = 1) -> None:
        super().__init__()
        self.shared = nn.ModuleList(mlp(width, hidden=EXPERT, outputs=None) for _ in range(experts))
        self.own = nn.ModuleList(
            nn.ModuleList(mlp(width, hidden=EXPERT, outputs=None) for _ in range(experts))
            for _ in range(tasks)
        )
        self.gates = nn.ModuleList(nn.Linear(width, 2 * experts) for _ in range(tasks))
        self.shared_gate = nn.Linear(width, (tasks + 1) * experts)

    def forward(self, tasks: Sequence[Tensor], shared: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return one tensor [N, 64] per task, and the shared one."""
        common = [expert(shared) for expert in self.shared]
        own = [[expert(x) for expert in group] for group, x in zip(self.own, tasks, strict=True)]
        mixed = [
            mix(gate(x), outputs + common)
            for gate, x, outputs in zip(self.gates, tasks, own, strict=True)
        ]
        everything = [output for outputs in own for output in outputs] + common
        return mixed, mix(self.shared_gate(shared), everything)


class PLE(nn.Module):
    """Progressive layered extraction: two levels, then a tower for each task."""

    def __init__(self, features: Sequence[Feature], *, tasks: int = 2) -> None:
        super().__init__()
        self.tasks = tasks
        self.encoder = Encoder(features)
        self.first = Extraction(self.encoder.width, tasks=tasks)
        self.second = Extraction(EXPERT[-1], tasks=tasks)
        self.towers = nn.ModuleList(mlp(EXPERT[-1], hidden=(32,)) for _ in range(tasks))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return scores [N, 1], one for each task."""
        x = join(list(self.encoder(inputs).values()))
        mixed, shared = self.first([x] * self.tasks, x)
        mixed, _ = self.second(mixed, shared)
        return tuple(
            torch.sigmoid(tower(value)) for tower, value in zip(self.towers, mixed, strict=True)
        )
