"""Linear models on tables are products, where standard ops compute what follows them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from mari_engine.loading import load
from support.rewrite_checks import alike, wrong_rewrites
from support.tables import ALL, JOINED, LABELS, TYPES, decisions, made, model, numbers, requests

ENDS = ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO")


def linear(rows: int) -> dict[str, object]:
    return {"coefficients": numbers(rows * ALL), "intercepts": numbers(rows)}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("targets", [1, 3])
def test_a_linear_regressor_is_a_product(end: str, targets: int) -> None:
    node = made(
        "LinearRegressor", "c", "score", targets=targets, post_transform=end, **linear(targets)
    )
    data = model([JOINED, node], ["score"])
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-5)) == []
    kept = end == "SOFTMAX_ZERO" or (targets == 1 and end != "NONE")
    assert decisions(data) == ["kept" if kept else "split"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (2, 2), (4, 4)])
def test_scores_of_a_linear_classifier_are_a_product(end: str, rows: int, classes: int) -> None:
    node = made(
        "LinearClassifier", "c", ["label", "score"], post_transform=end,
        classlabels_ints=list(range(classes)), multi_class=int(rows > 1), **linear(rows),
    )  # fmt: skip
    data = model([JOINED, node], ["score"])
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-5)) == []
    kept = end == "SOFTMAX_ZERO" or (end == "SOFTMAX" and (rows, classes) == (1, 2))
    assert decisions(data) == ["kept" if kept else "split"]


@pytest.mark.parametrize("words", [True, False])
def test_the_label_is_the_first_class_of_the_highest_score(words: bool) -> None:
    named = {"classlabels_strings": ["a", "b", "c"]} if words else {"classlabels_ints": [7, 8, 9]}
    node = made("LinearClassifier", "c", ["label", "score"], **named, **linear(3))
    data = load(model([JOINED, node], ["score"]))
    proto = ir.serde.serialize_model(data.ir)
    kind = TYPES["string" if words else "int64"]
    proto.graph.output.append(helper.make_tensor_value_info("label", kind, ["N"]))
    assert decisions(proto.SerializeToString()) == ["split"]
    same = alike(1e-5)

    def equal(truth: np.ndarray, other: np.ndarray) -> bool:
        return np.array_equal(truth, other) if truth.dtype == object else same(truth, other)

    assert wrong_rewrites(proto.SerializeToString(), LABELS, requests(), equal) == []
