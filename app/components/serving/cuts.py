"""The cuts that there are, and the choice of one."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.views.serving import cut_rows, cuts_figure, list_cuts, name_cut, why_online
from app.views.text import plain
from mari_engine import CutPoint, Frontier, Store

_STORES = {
    Store.FLOAT32: "float32: as computed, lossless",
    Store.FLOAT16: "float16: half the bytes, rounded, NOT lossless",
}
_CUTS = (
    "Each cut leaves the online model less to compute and fetches more of each item from the store."
    " Times are expected from FLOPs and bytes, not measured; the fetch itself is not in them"
)
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}


@dataclass(frozen=True)
class Chosen:
    """The cut that was chosen, and whether it is to be made now."""

    point: CutPoint
    clicked: bool


def choose_store(last: Store) -> Store:
    """Draw how values of items are stored, and return the answer; `last` is what stands."""
    stores = list(_STORES)
    return st.radio(
        "Values of items are stored as", stores, index=stores.index(last),
        format_func=lambda one: _STORES[one], horizontal=True, key="serving-store",
    )  # fmt: skip


def choose_cut(frontier: Frontier, *, busy: bool) -> Chosen | None:
    """Draw the cuts and the choice of one; None where there is none."""
    cuts = list_cuts(frontier)
    if not cuts:
        st.info(
            "Nothing of this model can be computed over the catalogue: each of its ops meets"
            " values of the request, or reads features that change too often."
        )
    else:
        st.subheader("Fewer bytes to fetch against less to compute", anchor=False, help=_CUTS)
    if why := why_online(frontier):
        st.caption(plain(why))
    if not cuts:
        return None
    at = st.selectbox(
        "Cut", range(len(cuts)), format_func=lambda at: name_cut(cuts[at], frontier),
        key="serving-cut",
    )  # fmt: skip
    point = cuts[at]
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.plotly_chart(cuts_figure(frontier, point), key="cuts", config=_CONFIG)
    with right:
        st.dataframe(
            cut_rows(frontier, point),
            hide_index=True,
            column_config={
                name: st.column_config.NumberColumn(format="localized")
                for name in ("bytes/candidate", "FLOPs/candidate")
            },
        )
    clicked = st.button(
        "Cut and check", type="primary", icon=":material/call_split:", key="serving-run",
        disabled=busy,
    )  # fmt: skip
    return Chosen(point, clicked)
