"""Networks over the layers of FuxiCTR, whose package holds layers and no models."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from corpus.forms import Recipe, forms_in_turn
from corpus.recipes.blocks import Fields
from corpus.recipes.feature_sets import FIELDS
from sample_models.features import ITEM_IDS, USER_IDS, Feature, history

_UNUSED = "fuxictr.preprocess.build_dataset"
"""Its preprocessing, which needs ray, and which its layers do not use."""
sys.modules.setdefault(_UNUSED, types.ModuleType(_UNUSED))
from fuxictr.pytorch import layers  # noqa: E402 - after its stand-in

WIDTH = 32
COUNT = len(FIELDS)
PAST = history("hist_item_id", length=50, vocabulary=500, table="item_id")
SEQUENCE = (*USER_IDS[:8], PAST, *ITEM_IDS)
PAIRS = COUNT * (COUNT - 1) // 2


def _mlp(width: int, **options: Any) -> nn.Module:
    made: nn.Module = layers.MLP_Block(
        input_dim=width, hidden_units=[256, 128, 64], output_dim=1, **options
    )
    return made


class _Beside(nn.Module):
    """An interaction of the fields, flattened, beside them in a tower."""

    def __init__(self, interaction: nn.Module, width: int, *, beside: bool = True) -> None:
        super().__init__()
        self.fields, self.interaction, self.beside = Fields(FIELDS, WIDTH), interaction, beside
        self.deep = _mlp(width + (COUNT * WIDTH if beside else 0))

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields = self.fields(given)
        found = self.interaction(fields).flatten(1)
        joined = torch.cat([fields.flatten(1), found], dim=1) if self.beside else found
        return torch.sigmoid(self.deep(joined))


class _Crossed(nn.Module):
    """A cross network over the flat fields beside a tower."""

    def __init__(self, cross: nn.Module, **options: Any) -> None:
        super().__init__()
        self.fields, self.cross = Fields(FIELDS, WIDTH), cross
        self.deep, self.last = _mlp(COUNT * WIDTH, **options), nn.Linear(COUNT * WIDTH, 1)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        flat = self.fields(given).flatten(1)
        return torch.sigmoid(self.deep(flat) + self.last(self.cross(flat)))


class _Summed(nn.Module):
    """An interaction that gives a score of its own, added to a tower's."""

    def __init__(self, interaction: nn.Module) -> None:
        super().__init__()
        self.fields, self.interaction = Fields(FIELDS, WIDTH), interaction
        self.deep = _mlp(COUNT * WIDTH)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields = self.fields(given)
        return torch.sigmoid(self.deep(fields.flatten(1)) + self.interaction(fields))


class _Attended(nn.Module):
    """A target's attention over the history, beside the fields in a tower."""

    def __init__(self, attention: nn.Module, *, masked: bool = True) -> None:
        super().__init__()
        ids = [each for each in SEQUENCE if not each.length]
        self.fields, self.attention, self.masked = Fields(ids, WIDTH), attention, masked
        self.deep = _mlp((len(ids) + 1) * WIDTH)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past = self.fields(given), self.fields.sequence(given, PAST)
        target = self.fields.tables["item_id"](given["item_id"])
        mask = (given[PAST.name] > 0) if self.masked else None
        read = self.attention(target, past, mask)
        return torch.sigmoid(self.deep(torch.cat([fields.flatten(1), read], dim=1)))


_MODELS: tuple[tuple[str, Callable[[], nn.Module], tuple[Feature, ...]], ...] = (
    ("dcnv2", lambda: _Crossed(layers.CrossNetV2(COUNT * WIDTH, 3)), FIELDS),
    ("dcn", lambda: _Crossed(layers.CrossNet(COUNT * WIDTH, 3), batch_norm=True), FIELDS),
    ("dcnmix", lambda: _Crossed(layers.CrossNetMix(COUNT * WIDTH, 2)), FIELDS),
    ("xdeepfm", lambda: _Summed(layers.CompressedInteractionNet(COUNT, [64, 32])), FIELDS),
    ("deepim", lambda: _Summed(layers.InteractionMachine(WIDTH, order=3)), FIELDS),
    (
        "pnn",
        lambda: _Beside(layers.InnerProductInteraction(COUNT, output="inner_product"), PAIRS),
        FIELDS,
    ),
    (
        "bilinear_each",
        lambda: _Beside(
            layers.BilinearInteraction(COUNT, WIDTH, "field_each"), PAIRS * WIDTH, beside=False
        ),
        FIELDS,
    ),
    (
        "bilinear_v2",
        lambda: _Beside(
            layers.BilinearInteractionV2(COUNT, WIDTH, "field_all"), PAIRS * WIDTH, beside=False
        ),
        FIELDS,
    ),
    ("senet", lambda: _Beside(layers.SqueezeExcitation(COUNT), COUNT * WIDTH), FIELDS),
    (
        "din",
        lambda: _Attended(layers.DIN_Attention(WIDTH, [64, 32], hidden_activations="Dice")),
        SEQUENCE,
    ),
    (
        "din_softmax",
        lambda: _Attended(layers.DIN_Attention(WIDTH, [64], use_softmax=True)),
        SEQUENCE,
    ),
    (
        "target_attention",
        lambda: _Attended(layers.MultiHeadTargetAttention(WIDTH, 64, 4), masked=False),
        SEQUENCE,
    ),
)

RECIPES = tuple(
    Recipe(name=f"fuxi_{name}", features=features, build=build, forms=forms_in_turn(at)[:1])
    for at, (name, build, features) in enumerate(_MODELS)
)
