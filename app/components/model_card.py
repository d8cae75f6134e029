"""The summary of a model."""

from __future__ import annotations

import streamlit as st

from app.views.summary import figures, operator_figure, tensor_rows
from app.views.text import plain
from app.work import Opened
from mari_engine import GraphInfo

MOST_ROWS = 12
TALL = 440


def show_card(opened: Opened, info: GraphInfo) -> None:
    """Draw figures, inputs, outputs and operators."""
    st.header(plain(opened.model.name), anchor=False)
    st.caption(plain(f"{opened.path} · made by {info.producer or 'an unnamed exporter'}"))
    cards = figures(info)
    for column, (name, value, meaning) in zip(st.columns(len(cards)), cards, strict=True):
        column.metric(name, value, help=meaning)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Inputs", anchor=False)
        _table(tensor_rows(info.inputs))
        st.subheader("Outputs", anchor=False)
        _table(tensor_rows(info.outputs))
    with right:
        st.subheader("Operators", anchor=False)
        st.plotly_chart(operator_figure(info), config={"displayModeBar": False})


def _table(rows: list[dict[str, str]]) -> None:
    tall = len(rows) > MOST_ROWS
    st.dataframe(rows, hide_index=True, height=TALL if tall else "content")
