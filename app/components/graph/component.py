"""The graph component: a scene of plain data in, the selected vertex out.

Drawn by vis-network, taken at run time from pyvis, which ships it, and laid out by ELK, which lies
in assets/elk: nothing comes from outside. All names are shown as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from app.components.graph.script import load_asset, load_script
from app.views.graph import Scene


def show_graph(
    scene: Scene, choices: Mapping[str, object], *, key: str, on_measure: Callable[[], None]
) -> None:
    """Draw the scene; `on_measure` is called when the user asks for measures of the nodes.

    `choices` holds the ways to fold (`folds`, `fold`), how measuring nodes stands (`measures`:
    possible, busy, done, or empty), and the `model`'s name. The user's choice of a way to fold
    is the component's state `fold`.
    """
    _component()(
        key=key,
        data={"key": key, "id": scene.id, "scene": scene.text, "choices": choices},
        on_fold_change=lambda: None,
        on_measure_change=on_measure,
    )


def show_bridge(
    scene: Scene, details: object, *, key: str, graph: str, on_ask: Callable[[], None]
) -> None:
    """Carry what the user selects in the graph to Python, and its details back.

    A component of its own, so that a selection does not send the whole scene again. `details`
    are those of what was asked for last; `on_ask` is called when something else is.
    """
    _bridge()(
        key=key,
        data={"graph": graph, "id": scene.id, "details": details},
        on_asked_change=on_ask,
    )


def read_selection(value: object, scene: Scene) -> tuple[int, int] | None:
    """Return the pane and the vertex that the bridge says are selected.

    None where nothing is, or where this scene has no such vertex: browsers can say anything.
    """
    selected = value.get("asked") if isinstance(value, Mapping) else None
    if not isinstance(selected, Mapping) or selected.get("id") != scene.id:
        return None
    pane, at = selected.get("pane"), selected.get("at")
    if not isinstance(pane, int) or not isinstance(at, int):
        return None
    return (pane, at) if 0 <= pane < len(scene.sizes) and 0 <= at < scene.sizes[pane] else None


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mari_graph",
        html=load_asset("graph.html"),
        css=load_asset("graph.css"),
        js=load_script("main"),
    )


@cache
def _bridge() -> Any:
    return st.components.v2.component("mari_graph_bridge", js=load_script("selection_bridge"))
