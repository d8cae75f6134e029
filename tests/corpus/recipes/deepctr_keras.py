"""Models of DeepCTR on TensorFlow: the networks of `deepctr` as Keras writes them, and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import deepctr.models as zoo
import deepctr.models.multitask as tasks
from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat

from corpus.forms import ONE_SHOT_TF2ONNX, PACKED_TF2ONNX, VANILLA_TF2ONNX, Recipe
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
FIELDS = interleave((*USER_IDS, *CONTEXT_IDS), ITEM_IDS)
FLAT = (*FIELDS, *USER_DENSE, *ITEM_DENSE)
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
Make = Callable[[Sequence[Any]], Any]


def _columns(features: Sequence[Feature]) -> list[Any]:
    return [_column(feature) for feature in features if feature.name != LENGTH]


def _column(feature: Feature) -> Any:
    if not feature.vocabulary:
        return DenseFeat(feature.name, feature.length)
    sparse = SparseFeat(
        feature.name, feature.vocabulary, WIDTH, embedding_name=feature.table_name,
    )  # fmt: skip
    if not feature.length:
        return sparse
    return VarLenSparseFeat(sparse, maxlen=feature.length, length_name=LENGTH)


def _both(model: Any, **options: Any) -> Make:
    """Return what makes a model of linear and of deep columns."""
    return lambda columns: model(columns, columns, **options)


def _deep(model: Any, **options: Any) -> Make:
    return lambda columns: model(columns, **options)


def _tasks(model: Any, **options: Any) -> Make:
    given = {"task_types": ("binary", "binary"), "task_names": ("ctr", "ctcvr"), **options}
    return lambda columns: model(columns, **given)


def _build(make: Make, features: Sequence[Feature]) -> Callable[[], Any]:
    return lambda: make(_columns(features))


def _flen(columns: Sequence[Any]) -> Any:
    """Return the model that tells fields of three kinds, by the roles of this recipe's features."""
    roles = {feature.name: str(feature.role) for feature in FLAT}
    grouped = [
        each._replace(group_name=roles[each.name]) if isinstance(each, SparseFeat) else each
        for each in columns
    ]
    return zoo.FLEN(grouped, grouped, dnn_hidden_units=HIDDEN)


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
    ("ifm", _both(zoo.IFM, dnn_hidden_units=HIDDEN), FLAT),
    ("difm", _both(zoo.DIFM, dnn_hidden_units=HIDDEN), FLAT),
    ("ccpm", _both(zoo.CCPM, dnn_hidden_units=HIDDEN), FIELDS),
    ("onn", _both(zoo.ONN, dnn_hidden_units=HIDDEN), FIELDS),
    ("fwfm", _both(zoo.FwFM, dnn_hidden_units=HIDDEN), FLAT),
    ("deepfefm", _both(zoo.DeepFEFM, dnn_hidden_units=HIDDEN), FLAT),
    ("edcn", _both(zoo.EDCN), FIELDS),
    ("fgcnn", _both(zoo.FGCNN, dnn_hidden_units=HIDDEN), FIELDS),
    ("flen", _flen, FLAT),
    ("mlr", _deep(zoo.MLR), FLAT),
    ("deepfm_bn", _both(zoo.DeepFM, dnn_hidden_units=HIDDEN, dnn_use_bn=True), FLAT),
    ("din", lambda columns: zoo.DIN(columns, TARGETS, dnn_hidden_units=HIDDEN), SEQUENCE),
    (
        "din_softmax",
        lambda columns: zoo.DIN(
            columns, TARGETS, att_weight_normalization=True, att_activation="relu"
        ),
        SEQUENCE,
    ),
    ("bst", lambda columns: zoo.BST(columns, TARGETS, att_head_num=4), SEQUENCE),
    ("mmoe", _tasks(tasks.MMOE, expert_dnn_hidden_units=(256, 128)), FLAT),
    ("ple", _tasks(tasks.PLE, shared_expert_num=2, specific_expert_num=2, num_levels=2), FLAT),
    (
        "esmm",
        lambda columns: tasks.ESMM(
            columns, task_names=("ctr", "ctcvr"), tower_dnn_hidden_units=HIDDEN
        ),
        FLAT,
    ),
    ("sharedbottom", _tasks(tasks.SharedBottom, bottom_dnn_hidden_units=(256, 128)), FLAT),
)
_FORMS = cycle((VANILLA_TF2ONNX, ONE_SHOT_TF2ONNX, VANILLA_TF2ONNX, PACKED_TF2ONNX))

RECIPES = tuple(
    Recipe(name=f"tf_{name}", features=features, build=_build(make, features), forms=(form,))
    for (name, make, features), form in zip(_MODELS, _FORMS, strict=False)
)
