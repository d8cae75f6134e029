"""Fusion layers, one strip before and one after for each."""

from __future__ import annotations

import streamlit as st

from app.views.layout import (
    SharedLayout,
    explain,
    find_moves,
    layout_figure,
    move_rows,
    share_layouts,
)
from app.views.text import count, plain, rows_csv, shorten
from mari_engine import Plan

MOST_AT_ONCE = 3
MOST_ROWS = 12
TALL = 440


def show_layers(plan: Plan) -> None:
    """Draw the layouts; the reader chooses which when there are many."""
    shared = share_layouts(plan.layout)
    if not shared:
        st.info("No columns are laid out anew; the table below says why, product by product.")
        return
    shown = shared[:MOST_AT_ONCE]
    if len(shared) > MOST_AT_ONCE:
        shown = st.multiselect(
            f"Layers, the most fragmented of {len(shared)} first",
            shared,
            default=shown,
            format_func=_title,
            key="layers",
        )
    for at, one in enumerate(shown):
        with st.container(border=True):
            st.markdown(f"**{plain(_title(one))}** · {count(one.columns, 'column')}")
            st.plotly_chart(
                layout_figure(one.layout), key=f"layer-{at}", config={"displayModeBar": False}
            )
            st.caption(explain(one.layout))
            show_moves(one, at)


def show_moves(shared: SharedLayout, at: int) -> None:
    """Draw where each fragment went, as a table to take away."""
    rows = move_rows(find_moves(shared.layout))
    with st.expander(f"How each of {count(len(rows), 'piece')} moved", icon=":material/swap_vert:"):
        st.dataframe(rows, hide_index=True, height=TALL if len(rows) > MOST_ROWS else "content")
        st.download_button(
            "CSV", rows_csv(rows), "moves.csv", "text/csv", icon=":material/download:",
            on_click="ignore", key=f"moves-{at}",
        )  # fmt: skip


def _title(shared: SharedLayout) -> str:
    first = shorten(shared.nodes[0], 60)
    return first if len(shared.nodes) == 1 else f"{first} and {len(shared.nodes) - 1} more"
