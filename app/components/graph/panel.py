"""The graph of a session's model, its details on demand, and its nodes as a table to keep."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app.components.feedback import show_error, show_headline, show_progress
from app.components.graph.component import read_selection, show_bridge, show_graph
from app.components.graph.drawings import describe_selected, find_folds, make_drawing
from app.services import engine_cache, start_node_measures
from app.session import Work
from app.state import read_widget
from app.views.graph import Drawing, Fold, write_csv
from mari_engine import MariError

GRAPH = "graph"
BRIDGE = "graph-bridge"
MOST_FLAT = 1500
"""A graph with more nodes than this is always folded."""
_FOLDS = {Fold.PARTS: "what MaRI sees", Fold.SCOPES: "modules", Fold.FLAT: "nothing"}


@st.fragment
def show_graph_panel(work: Work) -> None:
    """Draw the graph of this session's model."""
    if work.opened is None:
        return
    said = read_widget(GRAPH)
    chosen = said if isinstance(said, Mapping) else {}
    wished = chosen.get("fold") or st.query_params.get("fold")
    try:
        with st.spinner("Drawing the graph"):
            folds = find_folds(work.opened, MOST_FLAT)
            fold = next((one for one in folds if one == wished), folds[0])
            drawing = make_drawing(work, fold)
    except MariError as error:
        show_error(error)
        return
    if work.confirmed is not None:
        show_headline(engine_cache.make_plan(work.opened, work.confirmed, work.options))
    choices = {
        "folds": [[one, _FOLDS[one]] for one in folds],
        "fold": fold,
        "measures": _tell_measures(work),
        "model": work.opened.sample or work.opened.model.name,
    }
    on_measure = partial(_start_measures, work)
    show_graph(drawing.scene, choices, key=GRAPH, on_measure=on_measure)
    _show_details(work, drawing)
    if work.nodes is not None:
        show_progress(work.nodes, key="nodes-cancel")


@st.fragment
def _show_details(work: Work, drawing: Drawing) -> None:
    """Answer what the graph asks: the details of the selected vertex, and the whole table."""
    asked = read_selection(read_widget(BRIDGE), drawing.scene)
    details: dict[str, Any] | None = None
    if asked is not None:
        found = describe_selected(work, drawing, *asked)
        details = {"pane": asked[0], "at": asked[1], "found": found}
        if asked[0] == 0:
            work.selected = drawing.graphs[0].topology.vertices[asked[1]].name
    show_bridge(drawing.scene, details, key=BRIDGE, graph=GRAPH, on_ask=lambda: None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "All nodes as CSV",
            data=partial(_write_table, drawing),
            file_name="nodes.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        if work.selected:
            st.page_link(
                "pages/labels.py",
                label="Label the inputs that reach what is selected",
                icon=":material/label:",
            )


def _tell_measures(work: Work) -> str:
    """Return how measuring single nodes stands; "" where it is not possible."""
    if work.confirmed is None:
        return ""
    if work.nodes is None or work.nodes.state in ("failed", "cancelled"):
        return "possible"
    return "busy" if work.nodes.active else "done"


def _start_measures(work: Work) -> None:
    if work.opened is not None and work.confirmed is not None:
        plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
        work.measure_nodes(start_node_measures(plan))


def _write_table(drawing: Drawing) -> str:
    return write_csv(drawing.rows())
