"""From a recipe of a Keras model to ONNX and labels; needs tensorflow and tf2onnx."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf
import tf2onnx
from tf2onnx.optimizer import back_to_back_optimizer as pairs

from corpus.forms import Form, Recipe, Style
from sample_models.features import Feature, label_columns, label_inputs

PACKED = "X"
_SEED = 7


def export_one(recipe: Recipe, form: Form, folder: Path) -> None:
    """Write NAME.onnx and NAME.labels.json into a folder."""
    tf.keras.backend.clear_session()
    tf.random.set_seed(_SEED)
    network = recipe.build()
    _enliven(network)
    fed = {Style.PACKED: _packed, Style.VANILLA: _vanilla, Style.ONE_SHOT: _one_shot}[form.style]
    inputs, given = fed(recipe.features)
    whole = tf.keras.Model(inputs, _scores(network, given))
    path = folder / f"{recipe.name_of(form)}.onnx"
    pairs._func_map["Reshape",] = _merge_reshapes
    tf2onnx.convert.from_keras(whole, opset=form.opset, output_path=str(path))
    model = onnx.load(path)
    onnx.checker.check_model(model)
    if form.style == Style.PACKED:
        labels = label_columns(recipe.features, packed=PACKED)
    else:
        left = {value.name for value in model.graph.input}
        labels = label_inputs(each for each in recipe.features if each.name in left)
    labels.save(path.with_suffix(".labels.json"))


_MERGE: Callable[..., list[Any]] = pairs._func_map["Reshape",]


def _merge_reshapes(graph: Any, node: Any, consumers: Sequence[Any]) -> list[Any]:
    """Do as tf2onnx does, but where the second copies an extent of the first's result by a 0.

    tf2onnx 1.16 merges these, too, and the 0 is then an extent of something else: no attention of
    DIN or BST ran.
    """
    seconds = [each.inputs[1] for each in consumers if each.type == "Reshape"]
    if any(each.is_const() and 0 in each.get_tensor_value() for each in seconds):
        return []
    return _MERGE(graph, node, consumers)


Fed = tuple[list[Any], dict[str, Any]]
"""The whole model's inputs, and by feature what the network is given."""


def _vanilla(features: Sequence[Feature]) -> Fed:
    inputs = [_input(feature, None) for feature in features]
    return inputs, {each.name: each for each in inputs}


def _one_shot(features: Sequence[Feature]) -> Fed:
    inputs = [_input(feature, 1 if feature.per_request else None) for feature in features]
    pairs = list(zip(features, inputs, strict=True))
    rows = tf.shape(next(value for feature, value in pairs if not feature.per_request))[0]
    return inputs, {
        feature.name: tf.tile(value, [rows, 1]) if feature.per_request else value
        for feature, value in pairs
    }


def _packed(features: Sequence[Feature]) -> Fed:
    columns = sum(feature.columns for feature in features)
    whole = tf.keras.Input((columns,), name=PACKED)
    given, start = {}, 0
    for feature in features:
        part = whole[:, start : start + feature.columns]
        given[feature.name] = tf.cast(part, tf.int32) if feature.vocabulary else part
        start += feature.columns
    return [whole], given


def _scores(network: Any, given: Mapping[str, Any]) -> Any:
    found = network([given[name] for name in network.input_names])
    return tf.concat(found, axis=1) if isinstance(found, (tuple, list)) else found


def _input(feature: Feature, rows: int | None) -> Any:
    dtype = tf.int32 if feature.vocabulary else tf.float32
    return tf.keras.Input((feature.columns,), batch_size=rows, dtype=dtype, name=feature.name)


def _enliven(network: Any) -> None:
    """Draw weights that libraries leave near 0 anew, so that scores differ between candidates."""
    for weight in network.weights:
        if not weight.dtype.is_floating:
            continue
        if "moving_variance" in weight.name:
            weight.assign(tf.random.uniform(weight.shape, 0.5, 1.5))
        elif "moving_mean" in weight.name:
            weight.assign(tf.random.normal(weight.shape, stddev=0.1))
        elif len(weight.shape) > 1 and float(tf.math.reduce_std(weight)) < 0.01:
            weight.assign(tf.random.normal(weight.shape, stddev=min(0.3, weight.shape[-1] ** -0.5)))
