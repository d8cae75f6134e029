"""In which forms a network is exported: how its features come in, and by which exporter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sample_models.features import Feature


class Style(StrEnum):
    """How the features of a request come in."""

    PACKED = "packed"
    """One input `X [N, D]`, ids as floats."""
    VANILLA = "vanilla"
    """An input for each feature, all of N rows."""
    ONE_SHOT = "oneshot"
    """An input for each feature, the user's of one row, which the graph expands."""


class Exporter(StrEnum):
    """torch's two exporters, and that of TensorFlow."""

    DYNAMO = "dynamo"
    LEGACY = "legacy"
    TF2ONNX = "tf2onnx"


@dataclass(frozen=True)
class Form:
    """One way to export a network."""

    style: Style
    exporter: Exporter
    opset: int

    def __str__(self) -> str:
        return f"{self.style}_{self.exporter}"


PACKED_DYNAMO = Form(Style.PACKED, Exporter.DYNAMO, 18)
PACKED_LEGACY = Form(Style.PACKED, Exporter.LEGACY, 17)
VANILLA_DYNAMO = Form(Style.VANILLA, Exporter.DYNAMO, 20)
VANILLA_LEGACY = Form(Style.VANILLA, Exporter.LEGACY, 16)
ONE_SHOT_DYNAMO = Form(Style.ONE_SHOT, Exporter.DYNAMO, 18)
ONE_SHOT_LEGACY = Form(Style.ONE_SHOT, Exporter.LEGACY, 17)
NEWEST = Form(Style.VANILLA, Exporter.DYNAMO, 23)
"""With ONNX's own Attention."""
VANILLA_TF2ONNX = Form(Style.VANILLA, Exporter.TF2ONNX, 17)
ONE_SHOT_TF2ONNX = Form(Style.ONE_SHOT, Exporter.TF2ONNX, 15)
PACKED_TF2ONNX = Form(Style.PACKED, Exporter.TF2ONNX, 13)

_TURNS = (
    (PACKED_DYNAMO, ONE_SHOT_LEGACY),
    (VANILLA_LEGACY,),
    (ONE_SHOT_DYNAMO, PACKED_LEGACY),
    (VANILLA_DYNAMO,),
    (PACKED_LEGACY, ONE_SHOT_DYNAMO),
    (ONE_SHOT_LEGACY,),
)


def forms_in_turn(at: int) -> tuple[Form, ...]:
    """Return one or two forms for the network at this place of its family."""
    return _TURNS[at % len(_TURNS)]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network and its features.

    `build` makes a Keras model whose inputs are named like the features, or a torch module. That
    takes the features as a dict of tensors `[rows]` (ids), `[rows, L]` (histories) or `[rows, K]`
    (numbers), or with `packed` all of them in one tensor `[rows, D]`, in this order.
    """

    name: str
    features: tuple[Feature, ...]
    build: Callable[[], Any]
    forms: tuple[Form, ...]
    packed: bool = False

    def name_of(self, form: Form) -> str:
        """Return the name of the model that this form gives."""
        return f"{self.name}_{form}"
