"""The summary of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app.session import Opened
from app.views.model import count_operators, figures, tensor_rows
from app.views.text import plain
from mari_engine import GraphInfo, nodes_in_words

MOST_ROWS = 12
TALL = 440


def show_card(opened: Opened, info: GraphInfo) -> None:
    """Draw figures, inputs, outputs and operators."""
    st.header(plain(opened.model.name), anchor=False)
    maker = info.producer or "an unnamed exporter"
    st.caption(plain(f"{opened.path} · made by {maker} · {nodes_in_words(info)}"))
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
        operators = count_operators(info)
        rows = [{"operator": op, "nodes": number} for op, number in operators.items()]
        _table(rows, bars={"nodes": max(operators.values(), default=1)})


def _table(rows: Sequence[Mapping[str, object]], bars: Mapping[str, int] | None = None) -> None:
    """Draw a table; `bars` are columns whose numbers are drawn as bars, each with its longest.

    As cells, because a chart's library would hold up whoever goes on to another page at once.
    """
    tall = len(rows) > MOST_ROWS
    bar = partial(st.column_config.ProgressColumn, format="localized", min_value=0, color="gray")
    st.dataframe(
        rows,
        hide_index=True,
        height=TALL if tall else "content",
        column_config={name: bar(max_value=most) for name, most in (bars or {}).items()},
    )
