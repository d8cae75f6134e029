"""The graph component: a scene of plain data in, the selected vertex out.

Drawn by vis-network, taken at run time from pyvis, which ships it: nothing is copied here and
nothing comes from outside. All names are shown as text, never as markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from app.views.graph_scene import Scene

_SCRIPTS = (
    "model", "folding", "drawing", "minimap", "pane", "panel", "studio", "looks", "legend", "tools",
    "main",
)  # fmt: skip
"""One module, in this order."""


def show_graph(
    scene: Scene, *, key: str, height: int = 680, on_select: Callable[[], None] | None = None
) -> None:
    """Draw the scene; `on_select` is called when the user has selected something else."""
    _component()(
        key=key,
        data={"key": key, "id": scene.id, "scene": scene.text, "height": height},
        on_selected_change=on_select or (lambda: None),
    )


def choose_vertex(pane: int, at: int, *, key: str, turn: int) -> None:
    """Select a vertex in the graph with this key, once for each `turn`.

    A component of its own, so that a choice does not send the whole scene again.
    """
    _chooser()(key=f"{key} chooser", data={"key": key, "pane": pane, "at": at, "turn": turn})


def read_selection(value: object, scene: Scene) -> tuple[int, int] | None:
    """Return the pane and the vertex that the browser says are selected.

    None where nothing is, or where this scene has no such vertex: browsers can say anything.
    """
    selected = value.get("selected") if isinstance(value, Mapping) else None
    if not isinstance(selected, Mapping):
        return None
    pane, at = selected.get("pane"), selected.get("at")
    if not isinstance(pane, int) or not isinstance(at, int):
        return None
    return (pane, at) if 0 <= pane < len(scene.sizes) and 0 <= at < scene.sizes[pane] else None


@cache
def load_script() -> str:
    """Return the component's module: vis-network, then our own files."""
    releases = [one for one in (files("pyvis") / "lib").iterdir() if one.name.startswith("vis-")]
    latest = max(releases, key=lambda one: [int(part) for part in re.findall(r"\d+", one.name)])
    vis = (latest / "vis-network.min.js").read_text(encoding="utf-8")
    vis = re.sub(r"//# sourceMappingURL=.*", "", vis)
    own = [_asset(f"{name}.js") for name in _SCRIPTS]
    return "\n".join(["const vis = {}, exports = vis, module = {};", vis, *own])


def _asset(name: str) -> str:
    return (files("app.components") / "graph_assets" / name).read_text(encoding="utf-8")


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mari_graph",
        html=_asset("graph.html"),
        css=_asset("graph.css"),
        js=load_script(),
    )


@cache
def _chooser() -> Any:
    return st.components.v2.component("mari_graph_chooser", js=_asset("chooser.js"))
