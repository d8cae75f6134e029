"""Models of deepctr-torch: one packed input, a lookup for each of its columns.

Its DIEN is not among them: neither exporter takes its packed sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import deepctr_torch.models as zoo
from deepctr_torch.inputs import DenseFeat, SparseFeat, VarLenSparseFeat
from torch import nn

from corpus.forms import Recipe, forms_in_turn
from mari_engine.types import Role
from sample_models.features import (
    CONTEXT_IDS,
    ITEM_DENSE,
    ITEM_IDS,
    USER_DENSE,
    USER_IDS,
    Feature,
    history,
    ids,
    interleave,
)

WIDTH = 32
HIDDEN = (256, 128, 64)
LENGTH = "seq_length"
FLAT = (*interleave((*USER_IDS, *CONTEXT_IDS), ITEM_IDS), *USER_DENSE, *ITEM_DENSE)
FIELDS = interleave((*USER_IDS, *CONTEXT_IDS), ITEM_IDS)
SEQUENCE = (
    *USER_IDS[:6],
    *ITEM_IDS[:4],
    history("hist_item_id", length=50, vocabulary=500, table="item_id"),
    *ids(Role.USER, seq_length=51),
    history("hist_item_category", length=50, vocabulary=120, table="item_category"),
    *USER_DENSE,
    *ITEM_DENSE,
)
TARGETS = ["item_id", "item_category"]
Make = Callable[[Sequence[Any]], nn.Module]


def _columns(features: Sequence[Feature]) -> list[Any]:
    return [_column(feature) for feature in features if feature.name != LENGTH]


def _column(feature: Feature) -> Any:
    if not feature.vocabulary:
        return DenseFeat(feature.name, feature.length)
    sparse = SparseFeat(feature.name, feature.vocabulary, WIDTH, embedding_name=feature.table_name)
    if not feature.length:
        return sparse
    return VarLenSparseFeat(sparse, maxlen=feature.length, length_name=LENGTH)


def _both(model: Any, **options: Any) -> Make:
    """Return what makes a model of linear and of deep columns."""
    return lambda columns: model(columns, columns, **options)


def _deep(model: Any, **options: Any) -> Make:
    return lambda columns: model(columns, **options)


def _tasks(model: Any, **options: Any) -> Make:
    def make(columns: Sequence[Any]) -> nn.Module:
        tasks = {"task_types": ("binary", "binary"), "task_names": ("ctr", "ctcvr")}
        built: nn.Module = model(columns, **tasks, **options)
        return built

    return make


def _build(make: Make, features: Sequence[Feature]) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        model = make(_columns(features))
        assert list(model.feature_index) == [feature.name for feature in features]
        return model

    return build


_MODELS: tuple[tuple[str, Make, tuple[Feature, ...]], ...] = (
    ("deepfm", _both(zoo.DeepFM, dnn_hidden_units=HIDDEN), FLAT),
    ("wdl", _both(zoo.WDL, dnn_hidden_units=HIDDEN), FLAT),
    ("xdeepfm", _both(zoo.xDeepFM, dnn_hidden_units=HIDDEN, cin_layer_size=(64, 32)), FLAT),
    ("dcn", _both(zoo.DCN, dnn_hidden_units=HIDDEN, cross_num=3), FLAT),
    (
        "dcn_matrix",
        _both(zoo.DCN, dnn_hidden_units=HIDDEN, cross_num=3, cross_parameterization="matrix"),
        FLAT,
    ),
    ("dcnmix", _both(zoo.DCNMix, dnn_hidden_units=HIDDEN), FLAT),
    ("autoint", _both(zoo.AutoInt, dnn_hidden_units=HIDDEN, att_layer_num=2), FIELDS),
    ("fibinet", _both(zoo.FiBiNET, dnn_hidden_units=HIDDEN), FIELDS),
    ("pnn", _deep(zoo.PNN, dnn_hidden_units=HIDDEN), FLAT),
    ("pnn_outer", _deep(zoo.PNN, dnn_hidden_units=HIDDEN, use_inner=False, use_outter=True), FLAT),
    ("nfm", _both(zoo.NFM, dnn_hidden_units=HIDDEN), FLAT),
    ("afm", _both(zoo.AFM, attention_factor=16), FIELDS),
    ("afn", _both(zoo.AFN, ltl_hidden_size=64, afn_dnn_hidden_units=HIDDEN), FIELDS),
    ("ifm", _both(zoo.IFM, dnn_hidden_units=HIDDEN), FLAT),
    ("difm", _both(zoo.DIFM, dnn_hidden_units=HIDDEN), FLAT),
    ("ccpm", _both(zoo.CCPM, dnn_hidden_units=HIDDEN), FIELDS),
    ("onn", _both(zoo.ONN, dnn_hidden_units=HIDDEN), FIELDS),
    ("mlr", _deep(zoo.MLR), FLAT),
    ("deepfm_bn", _both(zoo.DeepFM, dnn_hidden_units=HIDDEN, dnn_use_bn=True), FLAT),
    ("din", lambda columns: zoo.DIN(columns, TARGETS, dnn_hidden_units=HIDDEN), SEQUENCE),
    (
        "din_softmax",
        lambda columns: zoo.DIN(
            columns, TARGETS, att_weight_normalization=True, att_activation="prelu"
        ),
        SEQUENCE,
    ),
    ("mmoe", _tasks(zoo.MMOE, expert_dnn_hidden_units=(256, 128)), FLAT),
    (
        "ple",
        _tasks(zoo.PLE, shared_expert_num=2, specific_expert_num=2, num_levels=2),
        FLAT,
    ),
    ("esmm", _tasks(zoo.ESMM, tower_dnn_hidden_units=HIDDEN), FLAT),
    ("sharedbottom", _tasks(zoo.SharedBottom, bottom_dnn_hidden_units=(256, 128)), FLAT),
)

RECIPES = tuple(
    Recipe(
        name=f"deepctr_{name}",
        features=features,
        build=_build(make, features),
        forms=forms_in_turn(at),
        packed=True,
    )
    for at, (name, make, features) in enumerate(_MODELS)
)
