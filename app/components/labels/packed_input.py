"""Packed inputs as strips of columns, to scale, that can be cut, joined and labelled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app.components.feedback import show_error
from app.components.labels.bulk import choose_role
from app.components.labels.buttons import draw_change
from app.session import ANSWERED, BY_HAND
from app.state import read_widget, write_widget
from app.views.labels import columns_of, join_columns, packable, set_columns
from app.views.layout import columns_figure, read_span
from app.views.text import count
from mari_engine import Column, GraphInfo, LabelError, Labels

STRIP = "columns-strip"
FIRST, LAST = "columns-first", "columns-last"


def edit_packed(labels: Labels, info: GraphInfo, revision: int) -> Labels | None:
    """Draw one packed input's columns and the tool; return the labels that it just made."""
    widths = {name: one for name, one in packable(info).items() if name in labels.inputs}
    if not widths:
        return None
    packed = [name for name in widths if labels.inputs[name].columns]
    with st.expander(
        "Packed inputs, column by column"
        + (f" ({count(len(packed), 'input')} of {len(widths):,} divided)" if packed else ""),
        icon=":material/view_column:",
        expanded=bool(packed),
    ):
        names = packed + [name for name in widths if name not in packed]
        name = st.selectbox("Input", names, key="columns-input")
        key = f"{STRIP}-{revision}-{names.index(name)}"
        width = widths[name]
        st.plotly_chart(
            columns_figure(columns_of(labels, name, width=width)),
            key=key,
            config={"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "zoom2d"]},
            on_select=partial(_follow_strip, key, width),
            selection_mode=["points", "box"],
        )
        st.caption(
            "Click a range, or drag across columns, to choose them below. What you set becomes one"
            " range: inside another it splits it, across several it merges them."
        )
        return _edit_range(labels, name, width)


def _edit_range(labels: Labels, name: str, width: int) -> Labels | None:
    for key, value in ((FIRST, 0), (LAST, width - 1)):
        said = read_widget(key)
        if said is None or said >= width:
            write_widget(key, value)
    cells = st.columns([1, 1, 2, 3, 1, 2], vertical_alignment="bottom")
    start = cells[0].number_input("First column", 0, width - 1, key=FIRST)
    end = cells[1].number_input("Last column", 0, width - 1, key=LAST)
    with cells[2]:
        role = choose_role("Role", key="columns-role")
    title = cells[3].text_input("Name", key="columns-name", max_chars=200)
    with cells[4]:
        applied = draw_change("Set", key="columns-apply", type="primary")
    if applied:
        column = Column(
            start=start, stop=end + 1, role=role, name=title, evidence=BY_HAND, vouched=ANSWERED
        )
        try:
            return set_columns(labels, name, column, width=width)
        except LabelError as error:
            show_error(error)
    joined = join_columns(labels, name, width=width)
    with cells[5]:
        asked = draw_change(
            "Join equal neighbors",
            key="columns-join",
            disabled=joined.inputs[name].columns == columns_of(labels, name, width=width),
            help="Neighboring ranges with one role and one range of values become one",
        )
    return joined if asked else None


def _follow_strip(key: str, width: int) -> None:
    """Take over the columns that were selected in the strip."""
    said: Any = read_widget(key)
    span = read_span(said, width) if isinstance(said, Mapping) else None
    if span is not None:
        write_widget(FIRST, span[0])
        write_widget(LAST, span[1])
