"""Random blocks of ai.onnx.ml on tables `[N, K]` of float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Extent, Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import Block

DOMAIN = "ai.onnx.ml"


def _made(w: Writer, op: str, x: Value, shape: Sequence[Extent], **attributes: Any) -> Value:
    return w.op(op, [x], shape, domain=DOMAIN, **attributes)


def _numbers(w: Writer, count: int) -> list[float]:
    return [float(each) for each in w.rng.standard_normal(count).astype(np.float32)]


def _some(w: Writer, width: int) -> list[float]:
    """Return one number for all columns, or one for each."""
    return _numbers(w, w.pick(1, width))


def scaled(w: Writer, x: Value) -> Value:
    """Columns that are moved and scaled."""
    offset = _some(w, x.width)
    return _made(w, "Scaler", x, x.shape, offset=offset, scale=_numbers(w, len(offset)))


def imputed(w: Writer, x: Value) -> Value:
    """Columns of which one number, or what is none, is filled in."""
    replaced = w.pick(0.0, float("nan"))
    return _made(
        w, "Imputer", x, x.shape, imputed_value_floats=_some(w, x.width),
        replaced_value_float=replaced,
    )  # fmt: skip


def normalized(w: Writer, x: Value) -> Value:
    """Rows that are divided by their norm."""
    return _made(w, "Normalizer", x, x.shape, norm=w.pick("L1", "L2"))


def regressed(w: Writer, x: Value) -> Value:
    """A linear model of several targets."""
    targets = w.below(4, 1)
    end = w.pick("NONE", "LOGISTIC", "SOFTMAX") if targets > 1 else "NONE"
    return _made(
        w, "LinearRegressor", x, [x.rows, targets], targets=targets, post_transform=end,
        coefficients=_numbers(w, targets * x.width), intercepts=_numbers(w, targets),
    )  # fmt: skip


def classified(w: Writer, x: Value) -> Value:
    """The scores of a linear model of several classes."""
    classes = w.below(5, 2)
    _, scores = w.ops(
        "LinearClassifier", [x], [(x.rows,), (x.rows, classes)], domain=DOMAIN,
        coefficients=_numbers(w, classes * x.width), intercepts=_numbers(w, classes),
        classlabels_ints=list(range(classes)), multi_class=1,
        post_transform=w.pick("NONE", "LOGISTIC", "SOFTMAX"),
    )  # fmt: skip
    return scores


def extracted(w: Writer, x: Value) -> Value:
    """Some columns, in any order."""
    places = w.rng.integers(0, x.width, w.below(5, 1))
    index = w.const(places if w.chance(0.5) else places[None], np.int64)
    return w.op("ArrayFeatureExtractor", [x, index], [x.rows, len(places)], domain=DOMAIN)


def grown(w: Writer, x: Value) -> Value:
    """Two trees, each of them one comparison, beside the columns."""
    columns = [int(w.rng.integers(0, x.width)) for _ in range(2)]
    leaves = _numbers(w, 4)
    trees = _made(
        w, "TreeEnsembleRegressor", x, [x.rows, 1], n_targets=1, nodes_treeids=[0, 0, 0, 1, 1, 1],
        nodes_nodeids=[0, 1, 2] * 2, nodes_featureids=[columns[0], 0, 0, columns[1], 0, 0],
        nodes_values=[*_numbers(w, 1), 0.0, 0.0, *_numbers(w, 1), 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"] * 2, nodes_truenodeids=[1, 0, 0] * 2,
        nodes_falsenodeids=[2, 0, 0] * 2, target_treeids=[0, 0, 1, 1],
        target_nodeids=[1, 2] * 2, target_ids=[0] * 4, target_weights=leaves,
    )  # fmt: skip
    return w.concat([x, trees], 1)


def vectorized(w: Writer, parts: Sequence[Value]) -> Value:
    """Tables side by side."""
    widths = [part.width for part in parts]
    shape = [parts[0].rows, sum(widths)]
    return w.op("FeatureVectorizer", parts, shape, domain=DOMAIN, inputdimensions=widths)


def encoded_ids(w: Writer, ids: Value, vocabulary: int) -> Value:
    """A code, or a number, for each id."""
    whole = w.cast(ids, np.int64)
    if w.chance(0.5):
        categories = list(range(vocabulary - 1))
        shape = [*ids.shape, len(categories)]
        codes = _made(w, "OneHotEncoder", whole, shape, cats_int64s=categories)
        return w.reshape(codes, [ids.rows, ids.width * len(categories)])
    keys = list(range(vocabulary - 1))
    return _made(
        w, "LabelEncoder", whole, ids.shape, keys_int64s=keys,
        values_floats=_numbers(w, len(keys)), default_float=0.5,
    )  # fmt: skip


TABULAR_ROWS: tuple[Block, ...] = (
    scaled, imputed, normalized, regressed, classified, extracted, grown,
)  # fmt: skip
