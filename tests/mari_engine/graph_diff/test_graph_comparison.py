"""Weights, labels, sides, options, decisions and FLOPs of two models or artifacts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

import mari_engine as mari
from mari_engine.types import InputLabel, Labels, Role, parse_json, to_plain
from support.builders import build, ranking_tower

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
TOWER = ranking_tower(user=64, item=16, hidden=32)


def retrained(data: bytes, name: str, factor: float) -> bytes:
    """Return a model with one weight multiplied."""
    proto = onnx.load_from_string(data)
    (tensor,) = (each for each in proto.graph.initializer if each.name == name)
    array = onnx.numpy_helper.to_array(tensor) * np.float32(factor)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))
    return bytes(proto.SerializeToString())


def test_a_changed_weight_is_told_with_how_far_it_moved() -> None:
    found = mari.diff(mari.load(TOWER), mari.load(retrained(TOWER, "W0", 1.5)))
    assert found.same
    assert found.weights is not None
    assert found.weights.compared == 4
    (change,) = found.weights.changed
    assert (change.name, change.shape, change.changed) == ("W0", (80, 32), 1.0)
    assert change.relative == pytest.approx(0.5, rel=1e-6)


def test_elements_that_are_not_numbers_are_equal_to_themselves() -> None:
    def model(*numbers: float) -> mari.Model:
        bias = np.array(numbers, np.float32)
        return mari.load(
            build("y = Add (x, b)", inputs="float[N, 3] x", outputs="float[N, 3] y",
                  weights={"b": bias})
        )  # fmt: skip

    same = mari.diff(model(np.nan, np.inf, 1), model(np.nan, np.inf, 1))
    assert same.weights is not None
    assert not same.weights.changed
    other = mari.diff(model(np.nan, np.inf, 1), model(np.nan, np.inf, 2))
    assert other.weights is not None
    assert other.weights.changed[0].largest == 1.0


def test_labels_sides_and_decisions_are_compared_between_plans() -> None:
    model = mari.load(TOWER)
    other = Labels({**LABELS.inputs, "user": InputLabel(role=Role.ITEM)})
    found = mari.diff(mari.plan(model, LABELS), mari.plan(model, other))
    assert found.same_structure
    assert not found.same
    (label,) = found.of_kind(mari.ChangeKind.LABEL)
    assert (label.name, label.was, label.now) == ("user", "user", "item")
    assert found.of_kind(mari.ChangeKind.SIDE)
    assert any(change.was.startswith("split") for change in found.of_kind(mari.ChangeKind.DECISION))
    assert found.flops["original"][0] == found.flops["original"][1]
    assert found.flops["optimized"][0] != found.flops["optimized"][1]


def test_artifacts_are_compared_by_what_they_were_made_from(tmp_path: Path) -> None:
    for name, data in (("a", TOWER), ("b", retrained(TOWER, "W1", 2.0))):
        mari.optimize(mari.load(data), LABELS, autotune=False).save(tmp_path / name)
    first, second = (mari.load_artifact(tmp_path / name) for name in "ab")
    found = mari.diff(first, second)
    assert found.same
    assert found.weights is not None
    assert found.weights.of == "optimized"
    assert [change.name for change in found.weights.changed] == ["W1"]


def test_an_artifact_and_a_model_are_compared_without_weights(tmp_path: Path) -> None:
    mari.optimize(mari.load(TOWER), LABELS, autotune=False).save(tmp_path / "a")
    wider = mari.load(ranking_tower(user=64, item=17, hidden=32))
    found = mari.diff(mari.load_artifact(tmp_path / "a"), wider)
    assert found.weights is None
    assert {change.name for change in found.changes} == {"item", "W0"}


def test_options_are_compared() -> None:
    model = mari.load(TOWER)
    plans = [mari.plan(model, LABELS, signature=kind) for kind in ("drop-in", "compact")]
    found = mari.diff(*plans)
    names = {change.name for change in found.of_kind(mari.ChangeKind.OPTION)}
    assert "signature" in names


def test_its_json_tells_what_it_tells() -> None:
    found = mari.diff(mari.load(TOWER), mari.load(ranking_tower(user=64, item=17, hidden=32)))
    document = to_plain(found.to_json())
    assert document == parse_json(json.dumps(document))
    assert document["same"] is False
    assert {change["kind"] for change in document["changes"]} == {"input", "weight"}
