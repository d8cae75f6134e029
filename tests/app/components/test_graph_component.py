from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest

from app.components.graph.component import read_selection
from app.components.graph.script import load_script
from app.views.graph import Scene

SCENE = Scene("id", "{}", (3, 2))
ASSETS = files("app.components.graph") / "assets"
OWN = [asset for asset in ASSETS.iterdir() if asset.name.endswith((".js", ".css", ".html"))]
KNOWN = {"http://www.w3.org/2000/svg"}
"""The name of a format, which nothing is ever asked of."""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"asked": {"id": "id", "pane": 1, "at": 1}}, (1, 1)),
        ({"asked": {"id": "other", "pane": 1, "at": 1}}, None),
        ({"asked": {"id": "id", "pane": 1, "at": 2}}, None),
        ({"asked": {"id": "id", "pane": 2, "at": 0}}, None),
        ({"asked": {"id": "id", "pane": 0, "at": -1}}, None),
        ({"asked": {"id": "id", "pane": "0", "at": 0}}, None),
        ({"asked": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_only_vertices_of_this_scene_can_be_selected(value: Any, found: object) -> None:
    assert read_selection(value, SCENE) == found


def test_the_script_is_one_module_with_vis_network_inside() -> None:
    script = load_script("main")
    assert "vis-network" in script
    assert "class GraphView" in script
    assert "sourceMappingURL" not in script


@pytest.mark.parametrize("entry", ["main", "selection_bridge"])
def test_a_script_stands_alone(entry: str) -> None:
    script = load_script(entry)
    assert not re.search(r"^(import|export (?!default))", script, re.MULTILINE)
    assert script.count("export default") == 1


def test_every_module_is_part_of_a_script() -> None:
    scripts = load_script("main") + load_script("selection_bridge")
    modules = [asset.read_text().splitlines()[0] for asset in OWN if asset.name.endswith(".js")]
    assert len(modules) > 30
    assert all(first in scripts for first in modules)


@pytest.mark.parametrize("asset", OWN, ids=lambda asset: str(asset.name))
def test_our_own_files_name_no_address(asset: Any) -> None:
    assert set(re.findall(r"https?://[^\s\"'`)]+", asset.read_text())) <= KNOWN


@pytest.mark.parametrize("asset", OWN, ids=lambda asset: str(asset.name))
def test_our_own_files_never_write_markup(asset: Any) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function"
    assert not re.search(forbidden, asset.read_text())
