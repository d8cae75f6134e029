"""From a recipe of a torch module to ONNX and labels; needs torch and onnxscript."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from corpus.forms import Exporter, Form, Recipe, Style
from sample_models.features import Feature, label_columns, label_inputs

AXIS = "N"
ROWS = 5
"""Of the example inputs; neither exporter may freeze it."""
PACKED = "X"
_SEED = 7


def export_one(recipe: Recipe, form: Form, folder: Path) -> None:
    """Write NAME.onnx and NAME.labels.json into a folder."""
    torch.manual_seed(_SEED)
    network = recipe.build().eval()
    _enliven(network)
    whole = _Fed(network, recipe, form.style)
    path = folder / f"{recipe.name_of(form)}.onnx"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.backends.mha.set_fastpath_enabled(False)
        _write(whole, form, path)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    if form.style == Style.PACKED:
        labels = label_columns(recipe.features, packed=PACKED)
    else:
        left = {value.name for value in model.graph.input}  # exporters drop what nothing reads
        labels = label_inputs(each for each in recipe.features if each.name in left)
    labels.save(path.with_suffix(".labels.json"))


def _write(whole: _Fed, form: Form, path: Path) -> None:
    inputs, axes = whole.example(), whole.axes()
    common: dict[str, Any] = {
        "input_names": list(axes),
        "output_names": ["score"],
        "opset_version": form.opset,
    }
    if form.exporter == Exporter.DYNAMO:
        shapes = (tuple(axes.values()),)
        torch.onnx.export(
            whole, inputs, path, dynamo=True, external_data=False, verbose=False,
            dynamic_shapes=shapes, **common,
        )  # fmt: skip
        return
    dynamic = {name: axis for name, axis in {**axes, "score": {0: AXIS}}.items() if axis}
    torch.onnx.export(whole, inputs, path, dynamo=False, dynamic_axes=dynamic, **common)


class _Fed(nn.Module):
    """A network behind its inputs, in one of the styles."""

    def __init__(self, network: nn.Module, recipe: Recipe, style: Style) -> None:
        super().__init__()
        self.network, self.features, self.style = network, recipe.features, style
        self.packed = recipe.packed
        self.first = next(
            at for at, feature in enumerate(recipe.features) if not feature.per_request
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the scores."""
        if self.style == Style.PACKED:
            whole = inputs[0]
            return self._score(whole if self.packed else self._apart(whole))
        given = inputs
        if self.style == Style.ONE_SHOT:
            rows = inputs[self.first].shape[0]
            given = tuple(
                _expanded(value, rows) if feature.per_request else value
                for feature, value in zip(self.features, inputs, strict=True)
            )
        if self.packed:
            wide = [value.float().reshape(value.shape[0], -1) for value in given]
            return self._score(torch.cat(wide, dim=1))
        return self._score(dict(zip([each.name for each in self.features], given, strict=True)))

    def _score(self, given: Tensor | Mapping[str, Tensor]) -> Tensor:
        found = self.network(given)
        if isinstance(found, (tuple, list)):
            found = torch.cat([each.reshape(each.shape[0], -1) for each in found], dim=1)
        return found

    def _apart(self, whole: Tensor) -> dict[str, Tensor]:
        apart, start = {}, 0
        for feature in self.features:
            part = whole[:, start : start + feature.columns]
            start += feature.columns
            if feature.vocabulary:
                part = part.long() if feature.length else part[:, 0].long()
            apart[feature.name] = part
        return apart

    def example(self) -> tuple[Tensor, ...]:
        """Return example inputs of `ROWS` rows, the user's of one where the style says so."""
        if self.style == Style.PACKED:
            parts = [_values(feature, ROWS) for feature in self.features]
            return (torch.cat([part.reshape(ROWS, -1).float() for part in parts], dim=1),)
        return tuple(_values(feature, self._rows(feature)) for feature in self.features)

    def axes(self) -> dict[str, dict[int, str] | None]:
        """Return by input which of its axes are dynamic."""
        if self.style == Style.PACKED:
            return {PACKED: {0: AXIS}}
        return {
            feature.name: {0: AXIS} if self._rows(feature) > 1 else None
            for feature in self.features
        }

    def _rows(self, feature: Feature) -> int:
        return 1 if self.style == Style.ONE_SHOT and feature.per_request else ROWS


def _expanded(value: Tensor, rows: Any) -> Tensor:
    return value.expand(rows, *value.shape[1:])


def _values(feature: Feature, rows: int) -> Tensor:
    shape: Sequence[int] = (rows, feature.length) if feature.length else (rows,)
    if feature.vocabulary:
        return torch.randint(1, feature.vocabulary, shape)
    return torch.rand(shape)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _enliven(network: nn.Module) -> None:
    """Draw weights that libraries leave near 0 anew, so that scores differ between candidates."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for weight in network.parameters():
        if weight.dim() > 1 and weight.is_floating_point() and float(weight.std()) < 0.01:
            nn.init.normal_(weight, 0, min(0.3, weight.shape[-1] ** -0.5))
