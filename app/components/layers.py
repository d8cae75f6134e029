"""Fusion layers, one strip before and one after for each."""

from __future__ import annotations

import streamlit as st

from app.views.charts import fragment_cost
from app.views.strips import SharedLayout, explain, layout_figure, share_layouts
from app.views.text import count, plain, shorten
from mari_engine import BenchmarkResult, Plan

MOST_AT_ONCE = 3


def show_layers(plan: Plan, measured: BenchmarkResult | None) -> None:
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
    st.caption(fragment_cost(measured))


def _title(shared: SharedLayout) -> str:
    first = shorten(shared.nodes[0], 60)
    return first if len(shared.nodes) == 1 else f"{first} and {len(shared.nodes) - 1} more"
