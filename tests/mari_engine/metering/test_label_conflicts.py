"""Requests of one's own that contradict the labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mari_engine.__main__ import run
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.pipeline import plan
from mari_engine.types import Column, Feeds, InputLabel, LabelFinding, Labels, Role
from support.builders import build, ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.rewrite_checks import roles

TOWER = ranking_tower(user=4, item=3)


def request(rows: int = 6) -> Feeds:
    rng = np.random.default_rng(rows)
    user = np.repeat(rng.standard_normal((1, 4)), rows, axis=0).astype(np.float32)
    return {"user": user, "item": rng.standard_normal((rows, 3)).astype(np.float32)}


def findings(feeds: Feeds, model: Model, labels: Labels) -> tuple[LabelFinding, ...]:
    return measure(plan(model, labels), requests=(feeds,)).labels


def test_a_request_that_agrees_says_nothing() -> None:
    assert findings(request(), load(TOWER), roles(user="user", item="item")) == ()


def test_a_wrong_label_is_told_by_input_column_and_rows() -> None:
    feeds = request()
    feeds["user"][[2, 5], 3] += 1
    (found,) = findings(feeds, load(TOWER), roles(user="user", item="item"))
    assert found.kind == "wrong"
    assert found.input == "user"
    assert found.rows == (2, 5)
    assert found.text.startswith("request: input 'user' column 3 is labelled as one value")
    assert "row 2, 5 differs from row 0" in found.text


def test_what_moves_with_the_wrong_input_is_named_and_nothing_else() -> None:
    data = build(
        """
        deep = Tanh (user)
        calm = Tanh (context)
        j = Concat <axis = 1> (deep, calm, item)
        y = MatMul (j, W)
        """,
        inputs="float[N, 4] user, float[N, 4] context, float[N, 3] item",
        outputs="float[N, 2] y",
        weights={"W": np.ones((11, 2), np.float32)},
    )
    feeds = request() | {"context": np.ones((6, 4), np.float32)}
    feeds["user"][4, 0] += 1
    labels = roles(user="user", context="context", item="item")
    (found,) = findings(feeds, load(data), labels)
    assert found.moved == ("deep",)


def test_a_wrong_column_of_a_packed_input_is_told_by_its_feature() -> None:
    data = build(
        "y = MatMul (x, W)",
        inputs="float[N, 5] x",
        outputs="float[N, 2] y",
        weights={"W": np.ones((5, 2), np.float32)},
    )
    columns = (
        Column(start=0, stop=2, role=Role.ITEM, name="price"),
        Column(start=2, stop=5, role=Role.USER, name="age"),
    )
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    x[:, 2:] = x[0, 2:]
    x[3, 4] += 1
    (found,) = findings({"x": x}, load(data), Labels({"x": InputLabel(columns=columns)}))
    assert (found.input, found.columns, found.feature) == ("x", (2, 5), "age")
    assert found.rows == (3,)
    assert "input 'x' column 4 (age)" in found.text


def test_an_item_that_never_varies_is_a_hint() -> None:
    feeds = request()
    feeds["item"][:] = feeds["item"][0]
    (found,) = findings(feeds, load(TOWER), roles(user="user", item="item"))
    assert found.kind == "hint"
    assert found.input == "item"
    assert "the same in all 6 rows" in found.text


def test_nan_equals_nan_and_one_row_says_nothing() -> None:
    feeds = request()
    feeds["user"][:, 1] = np.nan
    assert findings(feeds, load(TOWER), roles(user="user", item="item")) == ()
    assert findings(request(1), load(TOWER), roles(user="user", item="item")) == ()


def test_the_command_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, labels, file = tmp_path / "m.onnx", tmp_path / "l.json", tmp_path / "mine.npz"
    model.write_bytes(TOWER)
    labels.write_text(
        json.dumps({"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}})
    )
    feeds = request()
    feeds["user"][1, 2] += 1
    np.savez(file, user=feeds["user"], item=feeds["item"])
    words = ["inspect", str(model), "--labels", str(labels), "--request", str(file)]
    assert run([*words, "--measure", "--json", str(tmp_path / "out.json")]) == 1
    assert "mine.npz: input 'user' column 2" in " ".join(capsys.readouterr().out.split())
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["measurement"]["labels"][0]["rows"] == [1]
    assert run(words) == 2
    assert "--request is read by --measure" in capsys.readouterr().err
