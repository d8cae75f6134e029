"""Cross networks and field interactions that the libraries have in small sizes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from corpus.forms import Recipe, forms_in_turn
from corpus.recipes.blocks import Fields, tower
from corpus.recipes.feature_sets import FIELDS
from mari_engine.types import Role
from sample_models.features import Feature, dense


def _columns(user: int, item: int) -> tuple[Feature, ...]:
    return (*dense(Role.USER, user=user), *dense(Role.ITEM, item=item))


class _Crosses(nn.Module):
    """DCN v2: `x0 * (W x + b) + x`, then a tower; with `gate` GDCN's."""

    def __init__(self, width: int, layers: int, *hidden: int, gate: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(layers if gate else 0))
        self.deep = tower(width, *hidden)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        first = x = torch.cat([given["user"], given["item"]], dim=1)
        for at, layer in enumerate(self.layers):
            step = first * layer(x)
            if self.gates:
                step = step * torch.sigmoid(self.gates[at](x))
            x = step + x
        return self.deep(x)


class _FieldAttention(nn.Module):
    """Layers of self-attention over the fields, with a residual and a norm: AutoInt's kin."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.fields = Fields(FIELDS, width)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, dim_feedforward=2 * width, dropout=0.0, batch_first=True
            )
            for _ in range(layers)
        )
        self.deep = tower(width * len(FIELDS), 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        x = self.fields(given)
        for layer in self.layers:
            x = layer(x)
        return self.deep(x.flatten(1))


class _FactorizationMachine(nn.Module):
    """DeepFM's two halves over one table of all ids with offsets."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = torch.tensor([each.vocabulary for each in FIELDS])
        self.register_buffer("offsets", torch.cumsum(sizes, 0) - sizes)
        self.table, self.linear = (nn.Embedding(int(sizes.sum()), size) for size in (width, 1))
        self.deep = tower(width * len(FIELDS), 256, 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        ids = torch.stack([given[each.name] for each in FIELDS], dim=1) + self.offsets
        fields = self.table(ids)
        pairs = fields.sum(1).square() - fields.square().sum(1)
        return (
            self.deep(fields.flatten(1))
            + 0.5 * pairs.sum(1, keepdim=True)
            + self.linear(ids).sum(1)
        )


class _Pairs(nn.Module):
    """Products of the embeddings of all pairs of fields, weighted (FmFM), beside the fields."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fields, count = Fields(FIELDS, width), len(FIELDS)
        self.left, self.right = torch.triu_indices(count, count, offset=1)
        self.matrices = nn.Parameter(torch.randn(len(self.left), width, width) / width)
        self.deep = tower(width * count + len(self.left), 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields = self.fields(given)
        turned = torch.einsum("npe,pef->npf", fields[:, self.left], self.matrices)
        dots = (turned * fields[:, self.right]).sum(-1)
        return self.deep(torch.cat([fields.flatten(1), dots], dim=1))


_MODELS: tuple[tuple[str, Callable[[], nn.Module], tuple[Feature, ...]], ...] = (
    ("dcnv2_640", lambda: _Crosses(704, 3, 256), _columns(640, 64)),
    ("dcnv2_480", lambda: _Crosses(640, 3, 256, 128), _columns(480, 160)),
    ("dcnv2_1600", lambda: _Crosses(1760, 2, 256), _columns(1600, 160)),
    ("gdcn_320", lambda: _Crosses(384, 2, 256, gate=True), _columns(320, 64)),
    ("field_attention", lambda: _FieldAttention(32, 1), FIELDS),
    ("field_attention_two_layers", lambda: _FieldAttention(32, 2), FIELDS),
    ("shared_table_fm", lambda: _FactorizationMachine(32), FIELDS),
    ("matrix_pairs", lambda: _Pairs(16), FIELDS),
)

RECIPES = tuple(
    Recipe(name=f"cross_{name}", features=features, build=build, forms=forms_in_turn(at))
    for at, (name, build, features) in enumerate(_MODELS)
)
