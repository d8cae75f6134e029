"""Models of torch-rechub, ranking and of several tasks: a dict of named features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch_rechub.basic.features import DenseFeature, SequenceFeature, SparseFeature
from torch_rechub.models import multi_task, ranking

from corpus.forms import PACKED_LEGACY, VANILLA_LEGACY, Recipe, forms_in_turn
from corpus.recipes.feature_sets import FIELDS, FLAT
from sample_models.features import (
    CONTEXT_IDS,
    ITEM_IDS,
    USER_IDS,
    Feature,
    history,
)

WIDTH = 32
MLP = {"dims": [256, 128, 64], "dropout": 0.0, "activation": "relu"}
PLAIN = {"dims": [256, 128, 64], "dropout": 0.0}
EXPERT = {"dims": [256, 128], "dropout": 0.0, "activation": "relu"}
TOWER = {"dims": [64], "dropout": 0.0, "activation": "relu"}
TASKS = ["classification", "classification"]

HISTORIES = (
    history("hist_item_id", length=50, vocabulary=500, table="item_id"),
    history("hist_category", length=50, vocabulary=120, table="item_category"),
)
NEGATIVES = tuple(
    history(f"neg_{each.name}", length=50, vocabulary=each.vocabulary, table=each.table)
    for each in HISTORIES
)
TARGETS = ITEM_IDS[:2]
REST = (*USER_IDS[:6], *ITEM_IDS[2:5])
SEQUENCE = (*REST, *HISTORIES, *TARGETS)


def _library(features: Iterable[Feature], width: int = WIDTH) -> list[Any]:
    return [_feature(feature, width) for feature in features]


def _feature(feature: Feature, width: int) -> Any:
    if not feature.vocabulary:
        return DenseFeature(feature.name, embed_dim=feature.length)
    if not feature.length:
        return SparseFeature(feature.name, feature.vocabulary, width)
    return SequenceFeature(
        feature.name, feature.vocabulary, width, pooling="concat", shared_with=feature.table,
        padding_idx=0,
    )  # fmt: skip


def _aware(features: Iterable[Feature], width: int) -> list[Any]:
    """Return features with a row for each other field, as field-aware models look them up."""
    given = list(features)
    return [SparseFeature(each.name, each.vocabulary * len(given), width) for each in given]


def _sequence(model: Any, **options: Any) -> Callable[[], nn.Module]:
    return lambda: model(
        features=_library(REST), history_features=_library(HISTORIES),
        target_features=_library(TARGETS), **options,
    )  # fmt: skip


class _First(nn.Module):
    """A network's first result: the scores, without a loss beside them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        return self.network(given)[0]


_FIELD_AWARE = (*USER_IDS[:6], *ITEM_IDS)

_MODELS: tuple[tuple[str, Callable[[], nn.Module], tuple[Feature, ...]], ...] = (
    (
        "widedeep",
        lambda: ranking.WideDeep(_library(FLAT), _library(FLAT), mlp_params=dict(MLP)),
        FLAT,
    ),
    (
        "deepfm",
        lambda: ranking.DeepFM(_library(FLAT), _library(FIELDS), mlp_params=dict(MLP)),
        FLAT,
    ),
    ("dcn", lambda: ranking.DCN(_library(FLAT), 3, mlp_params=dict(MLP)), FLAT),
    (
        "dcnv2",
        lambda: ranking.DCNv2(_library(FLAT), 3, dict(MLP), use_low_rank_mixture=False),
        FLAT,
    ),
    ("dcnv2_mix", lambda: ranking.DCNv2(_library(FLAT), 2, dict(MLP)), FLAT),
    (
        "dcnv2_stacked",
        lambda: ranking.DCNv2(
            _library(FLAT), 2, dict(MLP), model_structure="stacked", use_low_rank_mixture=False
        ),
        FLAT,
    ),
    ("edcn", lambda: ranking.EDCN(_library(FIELDS), 2, mlp_params=dict(MLP)), FIELDS),
    ("afm", lambda: ranking.AFM(_library(FIELDS), WIDTH), FIELDS),
    (
        "autoint",
        lambda: ranking.AutoInt(_library(FIELDS), None, num_layers=2, mlp_params=dict(MLP)),
        FIELDS,
    ),
    ("fibinet", lambda: ranking.FiBiNet(_library(FIELDS), mlp_params=dict(MLP)), FIELDS),
    (
        "deepffm",
        lambda: ranking.DeepFFM(
            _library(_FIELD_AWARE, 1), _aware(_FIELD_AWARE, 16), 16, mlp_params=dict(MLP)
        ),
        _FIELD_AWARE,
    ),
    (
        "fatdeepffm",
        lambda: ranking.FatDeepFFM(
            _library(_FIELD_AWARE, 1), _aware(_FIELD_AWARE, 16), 16, 2, mlp_params=dict(MLP)
        ),
        _FIELD_AWARE,
    ),
    (
        "din",
        _sequence(
            ranking.DIN, mlp_params=dict(PLAIN), attention_mlp_params={"dims": [80, 40]}
        ),
        SEQUENCE,
    ),
    ("bst", _sequence(ranking.BST, mlp_params=dict(MLP), nhead=4), SEQUENCE),
    ("bst_two_layers", _sequence(ranking.BST, mlp_params=dict(MLP), num_layers=2), SEQUENCE),
    (
        "dien",
        lambda: _First(
            _sequence(
                ranking.DIEN, neg_history_features=_library(NEGATIVES), mlp_params=dict(PLAIN)
            )()
        ),
        (*REST, *HISTORIES, *NEGATIVES, *TARGETS),
    ),
    (
        "sharedbottom",
        lambda: multi_task.SharedBottom(
            _library(FLAT), TASKS, bottom_params=dict(EXPERT), tower_params_list=[TOWER, TOWER]
        ),
        FLAT,
    ),
    (
        "mmoe",
        lambda: multi_task.MMOE(
            _library(FLAT), TASKS, 4, expert_params=dict(EXPERT), tower_params_list=[TOWER, TOWER]
        ),
        FLAT,
    ),
    (
        "ple",
        lambda: multi_task.PLE(
            _library(FLAT), TASKS, n_level=2, n_expert_specific=2, n_expert_shared=1,
            expert_params=dict(EXPERT), tower_params_list=[TOWER, TOWER],
        ),
        FLAT,
    ),
    (
        "esmm",
        lambda: multi_task.ESMM(
            _library((*USER_IDS, *CONTEXT_IDS)), _library(ITEM_IDS),
            cvr_params=dict(MLP), ctr_params=dict(MLP),
        ),
        FIELDS,
    ),
    (
        "aitm",
        lambda: multi_task.AITM(
            _library(FLAT), 2, bottom_params=dict(EXPERT), tower_params_list=[TOWER, TOWER]
        ),
        FLAT,
    ),
)  # fmt: skip

_FORMS = {"dien": (PACKED_LEGACY, VANILLA_LEGACY)}
"""Of models that one exporter alone takes: dynamo selects by no mask of the data."""

RECIPES = tuple(
    Recipe(
        name=f"rechub_{name}",
        features=features,
        build=build,
        forms=_FORMS.get(name) or forms_in_turn(at + 1),
    )
    for at, (name, build, features) in enumerate(_MODELS)
)
