"""The pictures of samples, laid out as in the browser: they read as a flow from left to right."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import mari_engine as mari
from app.views.graph import Fold, Rewrite, correct_sides, draw, relabel
from app.views.graph.flow_lanes import LANES

ROOT = Path(__file__).parents[3]
FINDER = ROOT / "tests" / "app" / "javascript" / "find_layout_faults.mjs"
SAMPLES = (
    "dcn_v2", "din", "dlrm", "history_transformer", "mmoe_interleaved", "paper_tower", "ple",
    "two_tower",
)  # fmt: skip
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node to lay graphs out with")


@cache
def layouts(fold: Fold, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What was found of each sample's two panes; one process lays all of them out."""
    files = [write_scene(name, fold, folder) for name in SAMPLES]
    command = [str(NODE), str(FINDER), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(SAMPLES, json.loads(done.stdout), strict=True))


def write_scene(name: str, fold: Fold, folder: Path) -> Path:
    model = mari.load(ROOT / "sample_models" / f"{name}.onnx")
    labels = mari.Labels.load(ROOT / "sample_models" / f"{name}.labels.json")
    plan = mari.plan(model, labels)
    info = mari.describe(plan.optimized)
    own = relabel(plan.labels, plan.interface, plan.signature, plan.coloring)
    coloring = correct_sides(info, mari.color(plan.optimized, own))
    rewrite = Rewrite(info, coloring, plan.decisions, plan.flops, 500)
    drawing = draw(mari.describe(model), plan.coloring, rewrite, fold)
    path = folder / f"{name}.json"
    path.write_text(drawing.scene.text)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenes")


@pytest.mark.parametrize("name", SAMPLES)
def test_no_wire_runs_behind_a_box_or_a_title(name: str, folder: Path) -> None:
    for pane in layouts(Fold.PARTS, folder)[name]:
        assert pane["wires"] > 2
        assert pane["closed"] == []
        assert pane["opened"] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_sides_stand_in_lanes(name: str, folder: Path) -> None:
    original = layouts(Fold.PARTS, folder)[name][0]
    assert original["lanes"] == [*LANES]
