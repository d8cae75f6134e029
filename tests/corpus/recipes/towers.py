"""Towers over joined columns behind norms, gates, experts and masks, of widths in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from corpus.forms import ONE_SHOT_DYNAMO, Recipe, forms_in_turn
from corpus.recipes.blocks import Fields, tower
from corpus.recipes.feature_sets import FIELDS, FLAT
from mari_engine.types import Role
from sample_models.features import (
    Feature,
    dense,
)


def _columns(user: int, item: int) -> tuple[Feature, ...]:
    return (*dense(Role.USER, user=user), *dense(Role.ITEM, item=item))


def _joined(given: Mapping[str, Tensor]) -> Tensor:
    return torch.cat([given["user"], given["item"]], dim=1)


class _Normed(nn.Module):
    """`Concat -> norm -> MLP`."""

    def __init__(self, norm: nn.Module, width: int, *hidden: int) -> None:
        super().__init__()
        self.norm, self.deep = norm, tower(width, *hidden)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        return torch.sigmoid(self.deep(self.norm(_joined(given))))


class _Length(nn.Module):
    """`x / |x|`."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(x, dim=-1)


class _Residual(nn.Module):
    """Blocks `x + W2 gelu(W1 norm(x))` behind a normed first layer: a residual tower."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.GELU(),
                nn.Linear(hidden, hidden),
            )
            for _ in range(2)
        )  # fmt: skip
        self.last = nn.Linear(hidden, 1)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        x = self.first(_joined(given))
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)


class _FieldNorm(nn.Module):
    """A LayerNorm over the width of each field, then an MLP over all."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fields, self.norm = Fields(FIELDS, width), nn.LayerNorm(width)
        self.deep = tower(width * len(FIELDS), 256, 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        return self.deep(self.norm(self.fields(given)).flatten(1))


class _MaskNet(nn.Module):
    """MaskNet: parallel blocks of `LN(emb) * mask(emb) -> Linear -> LN -> ReLU`."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.fields = Fields(FIELDS, width)
        columns = width * len(FIELDS)
        self.norm = nn.LayerNorm(width)
        self.masks = nn.ModuleList(
            nn.Sequential(nn.Linear(columns, 128), nn.ReLU(), nn.Linear(128, columns))
            for _ in range(blocks)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(columns, 64), nn.LayerNorm(64), nn.ReLU())
            for _ in range(blocks)
        )
        self.deep = tower(64 * blocks, 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields = self.fields(given)
        flat, normed = fields.flatten(1), self.norm(fields).flatten(1)
        parts = [
            block(normed * mask(flat)) for mask, block in zip(self.masks, self.blocks, strict=True)
        ]
        return self.deep(torch.cat(parts, dim=1))


class _PPNet(nn.Module):
    """PPNet: gates of the user and the item, twice a sigmoid, scale each layer of a tower."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fields = Fields(FLAT, width)
        sizes = (self.fields.columns, 256, 128)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.gates = nn.ModuleList(
            nn.Sequential(nn.Linear(sizes[0] + 2 * width, 64), nn.ReLU(), nn.Linear(64, b))
            for b in sizes[:-1]
        )
        self.last = nn.Linear(sizes[-1], 1)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        x = self.fields.flat(given)
        who = [self.fields.tables[name](given[name]) for name in ("user_id", "item_id")]
        prior = torch.cat([*who, x.detach()], dim=1)
        for layer, gate in zip(self.layers, self.gates, strict=True):
            x = torch.relu(layer(x * (2 * torch.sigmoid(gate(prior)))))
        return self.last(x)


class _FinalMLP(nn.Module):
    """FinalMLP: two gated streams, joined by products of their heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.fields, self.heads = Fields(FIELDS, width), heads
        columns = width * len(FIELDS)
        self.gates = nn.ModuleList(nn.Linear(width, columns) for _ in range(2))
        self.streams = nn.ModuleList(
            nn.Sequential(nn.Linear(columns, 256), nn.ReLU(), nn.Linear(256, 128)) for _ in range(2)
        )
        self.single = nn.ModuleList(nn.Linear(128, 1) for _ in range(2))
        self.pair = nn.Parameter(torch.randn(heads, 128 // heads, 128 // heads) / 10)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        flat = self.fields(given).flatten(1)
        read = []
        for name, gate, stream in zip(
            ("user_id", "item_id"), self.gates, self.streams, strict=True
        ):
            read.append(
                stream(flat * (2 * torch.sigmoid(gate(self.fields.tables[name](given[name])))))
            )
        left, right = (each.view(-1, self.heads, 128 // self.heads) for each in read)
        joint = torch.einsum("nhi,hij,nhj->n", left, self.pair, right)
        return joint.unsqueeze(1) + self.single[0](read[0]) + self.single[1](read[1])


class _Dlrm(nn.Module):
    """DLRM: a bottom MLP of numbers, dot products of all fields, a top MLP."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fields = Fields(FLAT, width)
        numbers = self.fields.columns - width * len(FIELDS)
        self.bottom = nn.Sequential(nn.Linear(numbers, 64), nn.ReLU(), nn.Linear(64, width))
        count = len(FIELDS) + 1
        self.pairs = torch.triu_indices(count, count, offset=1)
        self.top = tower(width + count * (count - 1) // 2, 256, 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        numbers = torch.cat([given[each.name] for each in self.fields.numbers], dim=1)
        low = self.bottom(numbers)
        every = torch.cat([low.unsqueeze(1), self.fields(given)], dim=1)
        dots = torch.bmm(every, every.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
        return self.top(torch.cat([low, dots], dim=1))


class _TwoTower(nn.Module):
    """Two towers and the cosine of their ends."""

    def __init__(self, width: int) -> None:
        super().__init__()
        user = [each for each in FLAT if each.per_request]
        item = [each for each in FLAT if not each.per_request]
        self.sides = nn.ModuleList(Fields(each, width) for each in (user, item))
        self.towers = nn.ModuleList(
            nn.Sequential(nn.Linear(side.columns, 256), nn.ReLU(), nn.Linear(256, 64))
            for side in self.sides
        )

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        ends = [
            functional.normalize(deep(side.flat(given)), dim=-1)
            for side, deep in zip(self.sides, self.towers, strict=True)
        ]
        return 20 * (ends[0] * ends[1]).sum(dim=1, keepdim=True)


_MODELS: tuple[tuple[str, Callable[[], nn.Module], Sequence[Feature]], ...] = (
    ("layer_norm_256", lambda: _Normed(nn.LayerNorm(320), 320, 128, 64), _columns(256, 64)),
    ("layer_norm_640", lambda: _Normed(nn.LayerNorm(704), 704, 256, 128), _columns(640, 64)),
    ("layer_norm_1600", lambda: _Normed(nn.LayerNorm(1760), 1760, 256, 128), _columns(1600, 160)),
    ("rms_norm_640", lambda: _Normed(nn.RMSNorm(704), 704, 256, 128), _columns(640, 64)),
    ("length_640", lambda: _Normed(_Length(), 704, 256, 128), _columns(640, 64)),
    ("residual_640", lambda: _Residual(704, 256), _columns(640, 64)),
    ("field_norm", lambda: _FieldNorm(32), FIELDS),
    ("masknet", lambda: _MaskNet(32, 3), FIELDS),
    ("ppnet", lambda: _PPNet(32), FLAT),
    ("finalmlp", lambda: _FinalMLP(32, 4), FIELDS),
    ("dlrm", lambda: _Dlrm(32), FLAT),
    ("two_tower_cosine", lambda: _TwoTower(32), FLAT),
    ("item_heavy", lambda: _Normed(nn.Identity(), 704, 256, 128), _columns(64, 640)),
)

_FORMS = {"rms_norm_640": (ONE_SHOT_DYNAMO,)}
"""Of models that one exporter alone takes: the legacy one has no RMSNorm."""

RECIPES = tuple(
    Recipe(
        name=f"tower_{name}",
        features=tuple(features),
        build=build,
        forms=_FORMS.get(name) or forms_in_turn(at + 2),
    )
    for at, (name, build, features) in enumerate(_MODELS)
)
