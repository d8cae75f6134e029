"""The recipe of each sample: its features, its network, and its seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from mari_engine.types import Role
from sample_models.architectures.attention import (
    DIN,
    HistoryGRU,
    HistoryTransformer,
    TargetAttention,
)
from sample_models.architectures.experts import PLE, MMoE
from sample_models.architectures.interactions import (
    DeepCross,
    DeepFM,
    DotInteraction,
    FieldAttention,
    WideDeep,
)
from sample_models.architectures.towers import FragmentedTower, SingleTower, Tower, TwoTower
from sample_models.features import (
    CONTEXT_IDS,
    CROSS_DENSE,
    ITEM_DENSE,
    ITEM_IDS,
    USER_DENSE,
    USER_IDS,
    Feature,
    dense,
    history,
    ids,
    interleave,
)

FRAGMENTS = 50
"""The fragments of each side of the fragmented tower."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to build one sample.

    `packed` names the one input that all features share, if so; `arrange` changes the network
    after its weights are drawn.
    """

    seed: int
    features: tuple[Feature, ...]
    build: Callable[[Sequence[Feature]], nn.Module]
    packed: str = ""
    arrange: Callable[[nn.Module], nn.Module] | None = None
    outputs: tuple[str, ...] = ("score",)


def fragment(tower: nn.Module) -> FragmentedTower:
    """Return the paper's tower, cut into fragments of uneven widths."""
    user, item = (feature.length for feature in _PAPER)
    return FragmentedTower(tower, user_cuts=_cuts(user), item_cuts=_cuts(item))


def _cuts(width: int) -> list[int]:
    mean = width // FRAGMENTS
    shifts = [mean // 2 if at % 2 else -(mean // 2) for at in range(FRAGMENTS)]
    return [mean + shift for shift in shifts]


_PAPER = (*dense(Role.USER, user_features=4000), *dense(Role.ITEM, item_features=400))
_ITEM_HISTORY = history("hist_item_ids", length=50, vocabulary=500, table="item_id")
_CATEGORY_HISTORY = history("hist_category_ids", length=50, vocabulary=120, table="item_category")
_RECENT = history("user_recent_categories", length=20, vocabulary=120, table="item_category")
_MORE_USER_IDS = ids(
    Role.USER,
    user_country=60,
    user_app_version=30,
    user_channel=20,
    user_segment=64,
)
_PACKED = (
    *interleave((*USER_IDS, *CONTEXT_IDS), ITEM_IDS),
    *interleave(USER_DENSE, ITEM_DENSE),
    *CROSS_DENSE,
)
_MORE_ITEM_IDS = ids(
    Role.ITEM, item_color=30, item_material=40, item_season=6, item_warehouse=50, item_style=80
)

RECIPES = {
    "paper_tower": Recipe(seed=11, features=_PAPER, build=Tower),
    "paper_tower_fragmented": Recipe(seed=11, features=_PAPER, build=Tower, arrange=fragment),
    "wide_deep_packed": Recipe(
        seed=12, features=(*_PACKED[:8], _RECENT, *_PACKED[8:]), build=WideDeep, packed="X"
    ),
    "deepfm_packed": Recipe(seed=13, features=_PACKED, build=DeepFM, packed="X"),
    "dcn_v2": Recipe(
        seed=14,
        features=(*USER_IDS, *_MORE_USER_IDS, *CONTEXT_IDS[:2], *ITEM_IDS[:3]),
        build=DeepCross,
    ),
    "mmoe_interleaved": Recipe(
        seed=15,
        features=(*interleave(USER_IDS, ITEM_IDS), *interleave(USER_DENSE, ITEM_DENSE)),
        build=MMoE,
        outputs=("ctr", "cvr"),
    ),
    "ple": Recipe(
        seed=16,
        features=(*USER_IDS, *CONTEXT_IDS[:1], *ITEM_IDS[:4]),
        build=PLE,
        outputs=("ctr", "cvr"),
    ),
    "two_tower": Recipe(
        seed=17, features=(*USER_IDS, *USER_DENSE, *ITEM_IDS, *ITEM_DENSE), build=TwoTower
    ),
    "din": Recipe(
        seed=18,
        features=(_ITEM_HISTORY, _CATEGORY_HISTORY, *USER_IDS, *ITEM_IDS),
        build=DIN,
    ),
    "target_attention": Recipe(
        seed=19, features=(_ITEM_HISTORY, *USER_IDS[:5], *ITEM_IDS[:3]), build=TargetAttention
    ),
    "history_transformer": Recipe(
        seed=20, features=(_ITEM_HISTORY, *USER_IDS[:5], *ITEM_IDS[:3]), build=HistoryTransformer
    ),
    "history_gru": Recipe(
        seed=21, features=(_ITEM_HISTORY, *USER_IDS, *ITEM_IDS), build=HistoryGRU
    ),
    "dlrm": Recipe(
        seed=22,
        features=(*dense(Role.USER, user_activity=13), *USER_IDS, *CONTEXT_IDS, *ITEM_IDS),
        build=DotInteraction,
    ),
    "autoint_shared_table": Recipe(
        seed=23, features=(*USER_IDS[:8], *CONTEXT_IDS[:2], *ITEM_IDS), build=FieldAttention
    ),
    "all_item": Recipe(
        seed=24, features=(*ITEM_IDS, *_MORE_ITEM_IDS, *ITEM_DENSE), build=SingleTower
    ),
}


def build_network(name: str) -> nn.Module:
    """Return the network of a sample, in inference mode, with weights fixed by its seed."""
    recipe = RECIPES[name]
    torch.manual_seed(recipe.seed)
    network = recipe.build(recipe.features).apply(_draw_weights)
    return (recipe.arrange(network) if recipe.arrange else network).eval()


def _draw_weights(module: nn.Module) -> None:
    """Draw weights that behave like trained ones, which torch's own would not.

    Scores must differ between candidates without saturating, and BatchNorm must not be the
    identity.
    """
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.25)
    elif isinstance(module, nn.BatchNorm1d):
        nn.init.normal_(module.running_mean, std=0.1)
        nn.init.uniform_(module.running_var, 0.5, 2.0)
