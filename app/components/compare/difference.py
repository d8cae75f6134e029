"""What differs: the verdict, FLOPs, and a table for each kind of change."""

from __future__ import annotations

import streamlit as st

from app.views.compare import (
    change_rows,
    count_changes,
    flops_cards,
    verdict,
    weight_rows,
    weights_line,
)
from app.views.text import plain
from mari_engine import Difference


def show_difference(found: Difference, candidates: int) -> None:
    """Draw a comparison."""
    if found.same:
        st.success(plain(verdict(found)), icon=":material/check_circle:")
    else:
        st.warning(plain(verdict(found)), icon=":material/difference:")
    cards = flops_cards(found, candidates)
    if cards:
        for column, (name, value, remark) in zip(st.columns(len(cards)), cards, strict=True):
            column.metric(f"FLOPs: {name}", value)
            column.caption(plain(remark))
    groups = count_changes(found)
    titles = [f"{name} ({len(changes):,})" for name, changes in groups.items()]
    *tabs, last = st.tabs([*titles, "Weights"])
    for tab, (name, changes) in zip(tabs, groups.items(), strict=True):
        with tab:
            if changes:
                st.dataframe(change_rows(changes), hide_index=True)
            else:
                st.caption(f"{name}: nothing that was compared differs.")
    with last:
        st.caption(plain(weights_line(found)))
        if rows := weight_rows(found):
            percent = st.column_config.NumberColumn(format="percent")
            st.dataframe(
                rows, hide_index=True,
                column_config={"elements changed": percent, "relative change": percent},
            )  # fmt: skip
