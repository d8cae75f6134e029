"""The graph with its choices and its table; what is selected in one is selected in the other."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.components.graph import choose_vertex, read_selection, show_graph
from app.components.graph_drawings import find_folds, make_drawing
from app.components.steps import show_error
from app.state import read_widget, write_widget
from app.views.graph_folding import Fold
from app.views.graph_views import Drawing, View
from app.work import Work
from mari_engine import MariError

GRAPH = "graph"
TABLE = "graph-table"
CHOICE = "graph-choice"
MOST_FLAT = 1500
"""A graph with more nodes than this is always folded."""
_FOLDS = {Fold.PARTS: "What MaRI sees", Fold.SCOPES: "Modules", Fold.FLAT: "Nothing"}
_TIMED = (
    "Runs both models on this machine, without onnxruntime's own optimizations, so that each node"
    " can be told apart. The Benchmark step measures whole models."
)


@st.fragment
def show_graph_panel(work: Work) -> None:
    """Draw the graph of this session's model, and the table of its nodes."""
    if work.opened is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view, timed = View.ORIGINAL, False
        if work.confirmed:
            view = st.segmented_control("Show", list(View), default=View.BOTH, required=True)
        folds = find_folds(work.opened, MOST_FLAT)
        fold = st.segmented_control(
            "Fold by", folds, default=folds[0], format_func=_FOLDS.__getitem__, required=True
        )
        if work.confirmed:
            timed = st.toggle("Time every node", help=_TIMED)
    try:
        drawing = make_drawing(work, view, fold, timed=timed)
    except MariError as error:
        show_error(error)
        return
    show_graph(drawing.scene, key=GRAPH, on_select=partial(_follow_graph, drawing))
    _show_choice(drawing)
    st.dataframe(
        drawing.table,
        key=TABLE,
        hide_index=True,
        height=320,
        on_select=partial(_follow_table, drawing),
        selection_mode="single-row",
    )


def _follow_graph(drawing: Drawing) -> None:
    """Select the row of the vertex that was selected in the graph."""
    found = read_selection(read_widget(GRAPH), drawing.scene)
    rows = [] if found is None else [drawing.row_of(*found)]
    write_widget(TABLE, {"selection": {"rows": rows, "columns": [], "cells": []}})


def _follow_table(drawing: Drawing) -> None:
    """Select the vertex of the row that was selected in the table."""
    rows = read_widget(TABLE)["selection"]["rows"]
    if rows and rows[0] < sum(drawing.scene.sizes):
        _, _, turn = read_widget(CHOICE) or (0, 0, 0)
        write_widget(CHOICE, (*drawing.vertex_of(rows[0]), turn + 1))


def _show_choice(drawing: Drawing) -> None:
    pane, at, turn = read_widget(CHOICE) or (0, 0, 0)
    if turn:
        choose_vertex(pane, at, key=GRAPH, turn=turn)
