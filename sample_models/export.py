"""Makes the sample models and their labels anew: python -m sample_models.export [FOLDER].

Needs the extra `export` (torch and onnxscript); everything else uses the files it wrote.
"""

from __future__ import annotations

import argparse
import inspect
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor

from mari_engine.types import Labels
from sample_models.catalog import SAMPLES, Exporter, Sample, Style
from sample_models.features import Feature, label_columns, label_inputs
from sample_models.recipes import RECIPES, Recipe, build_network

AXIS = "N"
"""The name of the candidates' axis in every model."""

EXAMPLE_ROWS = 5
"""The batch of the example inputs; neither exporter may freeze it."""


def export_sample(sample: Sample, folder: Path) -> None:
    """Write NAME.onnx and NAME.labels.json of one sample into a folder."""
    recipe = RECIPES[sample.name]
    model = _export(sample, recipe)
    _forget_the_machine(model)
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{sample.name}.onnx")
    _labels(recipe).save(folder / f"{sample.name}.labels.json")


def _labels(recipe: Recipe) -> Labels:
    if recipe.packed:
        return label_columns(recipe.features, packed=recipe.packed)
    return label_inputs(recipe.features)


def _export(sample: Sample, recipe: Recipe) -> onnx.ModelProto:
    inputs, fixed = _example(sample, recipe)
    names = [recipe.packed] if recipe.packed else [feature.name for feature in recipe.features]
    axes = [None if once else {0: AXIS} for once in fixed]
    network = build_network(sample.name)
    torch.backends.mha.set_fastpath_enabled(False)
    with tempfile.TemporaryDirectory() as place, torch.no_grad():
        path = Path(place) / "model.onnx"
        common = {
            "input_names": names,
            "output_names": list(recipe.outputs),
            "opset_version": sample.opset,
        }
        if sample.exporter == Exporter.DYNAMO:
            shapes = (tuple(axes),) if _takes_any_number(network) else tuple(axes)
            torch.onnx.export(
                network,
                inputs,
                path,
                dynamo=True,
                external_data=False,
                verbose=False,
                dynamic_shapes=shapes,
                **common,
            )
        else:
            named = dict(zip(names, axes, strict=True)) | {
                output: {0: AXIS} for output in recipe.outputs
            }
            dynamic = {name: axis for name, axis in named.items() if axis}
            torch.onnx.export(network, inputs, path, dynamo=False, dynamic_axes=dynamic, **common)
        return onnx.load(path)


def _takes_any_number(network: torch.nn.Module) -> bool:
    parameters = inspect.signature(network.forward).parameters.values()
    return any(parameter.kind == parameter.VAR_POSITIONAL for parameter in parameters)


def _example(sample: Sample, recipe: Recipe) -> tuple[tuple[Tensor, ...], list[bool]]:
    """Return example inputs, and for each whether its single row is fixed."""
    torch.manual_seed(recipe.seed)
    if recipe.packed:
        parts = [_values(feature, EXAMPLE_ROWS) for feature in recipe.features]
        columns = [part.reshape(EXAMPLE_ROWS, -1).float() for part in parts]
        return (torch.cat(columns, dim=1),), [False]
    fixed = [sample.style == Style.ONE_SHOT and f.per_request for f in recipe.features]
    values = tuple(
        _values(feature, 1 if once else EXAMPLE_ROWS)
        for feature, once in zip(recipe.features, fixed, strict=True)
    )
    return values, fixed


def _values(feature: Feature, rows: int) -> Tensor:
    shape = (rows, feature.length) if feature.length else (rows,)
    if feature.vocabulary:
        return torch.randint(0, feature.vocabulary, shape)
    return torch.rand(shape)


def _forget_the_machine(model: onnx.ModelProto) -> None:
    """Drop stack traces, which name files of the machine that exported; scopes stay."""
    graphs = [model.graph, *model.functions]
    for graph in graphs:
        for node in graph.node:
            node.doc_string = ""
            for entry in [e for e in node.metadata_props if e.key.endswith("stack_trace")]:
                node.metadata_props.remove(entry)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export every sample, or those named, into a folder (default: this package)."""
    parser = argparse.ArgumentParser(prog="python -m sample_models.export", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", nargs="+", choices=sorted(RECIPES), default=sorted(RECIPES))
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        if sample.name in options.only:
            export_sample(sample, options.folder)
            print(f"{sample.name}: exported")


if __name__ == "__main__":
    main()
