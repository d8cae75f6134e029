"""The features of the samples: names, roles, vocabularies, and the labels they amount to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mari_engine.types import Column, InputLabel, Labels, Role


@dataclass(frozen=True)
class Feature:
    """One feature of a ranking model.

    An id (`vocabulary` > 0) has the shape [rows], or [rows, length] for a sequence whose
    zeros are padding. A dense feature has the shape [rows, length], with values from 0 to 1.
    Features that name the same `table` share their embeddings.
    """

    name: str
    role: Role
    vocabulary: int = 0
    length: int = 0
    table: str = ""

    @property
    def per_request(self) -> bool:
        """True when all candidates of a request share its value."""
        return self.role.per_request

    @property
    def table_name(self) -> str:
        """The embedding table that it looks up."""
        return self.table or self.name

    @property
    def columns(self) -> int:
        """How many columns of a packed input it takes."""
        return max(1, self.length)

    @property
    def bounds(self) -> tuple[float, float]:
        """The half-open range of its values."""
        return (0, self.vocabulary) if self.vocabulary else (0.0, 1.0)


def ids(role: Role, **vocabularies: int) -> tuple[Feature, ...]:
    """Return one id feature for each name and vocabulary."""
    return tuple(Feature(name, role, vocabulary=size) for name, size in vocabularies.items())


def dense(role: Role, **lengths: int) -> tuple[Feature, ...]:
    """Return one dense feature for each name and number of columns."""
    return tuple(Feature(name, role, length=length) for name, length in lengths.items())


def interleave(first: Iterable[Feature], second: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return the features of both, in turn, as a feature list that grew over years has them."""
    left, right = list(first), list(second)
    paired = [feature for pair in zip(left, right, strict=False) for feature in pair]
    shorter = min(len(left), len(right))
    return (*paired, *left[shorter:], *right[shorter:])


def label_inputs(features: Iterable[Feature]) -> Labels:
    """Return labels for a model with one input per feature."""
    return Labels(
        {feature.name: InputLabel(role=feature.role, range=feature.bounds) for feature in features}
    )


def label_columns(features: Iterable[Feature], *, packed: str) -> Labels:
    """Return labels for a model whose features are columns of the one input `packed`."""
    columns, start = [], 0
    for feature in features:
        columns.append(
            Column(
                start=start,
                stop=start + feature.columns,
                role=feature.role,
                name=feature.name,
                range=feature.bounds,
                integer=feature.vocabulary > 0,
            )
        )
        start += feature.columns
    return Labels({packed: InputLabel(columns=tuple(columns))})


USER_IDS = ids(
    Role.USER,
    user_id=500,
    user_age_bucket=12,
    user_gender=3,
    user_city=300,
    user_occupation=40,
    user_level=10,
    user_language=25,
    user_interest_1=150,
    user_interest_2=150,
    user_last_category=120,
)
"""The usual sparse features of a user."""

CONTEXT_IDS = ids(Role.CONTEXT, device_type=8, hour_of_day=24, weekday=7, page=16)
"""The usual sparse features of a request."""

ITEM_IDS = ids(
    Role.ITEM,
    item_id=500,
    item_category=120,
    item_brand=250,
    item_seller=200,
    item_price_bucket=20,
    item_age_bucket=15,
)
"""The usual sparse features of an item."""

USER_DENSE = dense(Role.USER, user_activity=8, user_purchases=6)
ITEM_DENSE = dense(Role.ITEM, item_statistics=8, item_price=1)
CROSS_DENSE = dense(Role.CROSS, user_item_affinity=3)


def history(name: str, *, length: int, vocabulary: int, table: str) -> Feature:
    """Return a sequence of ids that the user met, looked up in the table of the target."""
    return Feature(name, Role.USER, vocabulary=vocabulary, length=length, table=table)
