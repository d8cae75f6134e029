"""Context-aware models of RecBole: one table for all fields, offsets added to the ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from recbole.model import context_aware_recommender as zoo
from recbole.utils import FeatureType
from torch import nn

from corpus.forms import VANILLA_DYNAMO, Recipe, forms_in_turn
from corpus.recipes.feature_sets import FIELDS
from sample_models.features import Feature


class _Settings(dict[str, Any]):
    """RecBole's configuration: what nobody set is None."""

    def __missing__(self, key: str) -> None:
        return None


_SETTINGS = _Settings(
    LABEL_FIELD="label", embedding_size=32, device="cpu", numerical_features=[],
    mlp_hidden_size=[256, 128, 64], hidden_size=[256, 128, 64], dropout_prob=0.0,
    hidden_dropout_prob=0.0, reg_weight=0.0, cross_layer_num=3, mixed=False, structure="parallel",
    expert_num=4, low_rank=32, direct=False, cin_layer_size=[64, 32],
    attention_size=16, dropout_probs=[0.0, 0.0, 0.0], attention_dropout_prob=0.0,
    n_layers=2, num_heads=2, weight_decay=0.0, has_residual=True, use_inner=True, use_outer=False,
)  # fmt: skip


class _Dataset:
    """What the models ask of RecBole's dataset: fields, their types and sizes."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._sizes = {feature.name: feature.vocabulary for feature in features}
        self.field2type = dict.fromkeys(self._sizes, FeatureType.TOKEN)

    def fields(self, **_asked: Any) -> list[str]:
        """Return the names of all fields."""
        return list(self._sizes)

    def num(self, field: str) -> int:
        """Return how many ids a field has."""
        return self._sizes[field]


def _build(name: str, **options: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        settings = _Settings(_SETTINGS, **options)
        model: nn.Module = getattr(zoo, name)(settings, _Dataset(FIELDS))
        return model

    return build


_MODELS: tuple[tuple[str, Callable[[], nn.Module]], ...] = (
    ("widedeep", _build("WideDeep")),
    ("deepfm", _build("DeepFM")),
    ("dcn", _build("DCN")),
    ("dcnv2", _build("DCNV2")),
    ("dcnv2_mixed", _build("DCNV2", mixed=True)),
    ("xdeepfm", _build("xDeepFM")),
    ("nfm", _build("NFM")),
    ("pnn", _build("PNN")),
    ("fnn", _build("FNN")),
    ("afm", _build("AFM")),
    ("fwfm", _build("FwFM")),
    ("fm", _build("FM")),
    ("autoint", _build("AutoInt", attention_size=32)),
    ("fignn", _build("FiGNN", attention_size=32)),
    ("eulernet", _build("EulerNet", order_list=[16], apply_norm=True)),
)

_FORMS = {"fwfm": VANILLA_DYNAMO}
"""Of models that one exporter alone takes: the other cannot write what learns as a constant."""

RECIPES = tuple(
    Recipe(
        name=f"recbole_{name}",
        features=FIELDS,
        build=build,
        forms=(_FORMS.get(name) or forms_in_turn(at + 1)[0],),
    )
    for at, (name, build) in enumerate(_MODELS)
)
