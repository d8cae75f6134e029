"""A number of rows that the file fixes, and the button that lets it vary."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_error
from app.services import free_batch
from app.session import Opened
from app.views.model import fixed_rows
from mari_engine import GraphInfo, MariError


def show_fixed_batch(opened: Opened, info: GraphInfo) -> Opened | None:
    """Draw how many rows the inputs fix, where they do; return the model without, once asked for.

    The new model counts as opened anew: other labels fit it, and other checks.
    """
    if opened.free_batch:
        st.caption(
            "The file fixes the number of rows; here it varies, as with `--free-batch`. To have it"
            " as the file says, open the model again."
        )
        return None
    rows = fixed_rows(info)
    if rows is None:
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**The inputs have {rows:,} {'row' if rows == 1 else 'rows'}, and no other number.**"
            " Exports of one example leave this behind. Where rows are candidates, let their number"
            " vary; otherwise no work is repeated for them, and none can be saved. Labels start"
            " anew."
        )
        asked = st.button("Let the number of rows vary", icon=":material/expand:", key="free-batch")
    return _free(opened) if asked else None


def _free(opened: Opened) -> Opened | None:
    try:
        with st.spinner("Letting the number of rows vary, and comparing the results"):
            return free_batch(opened)
    except MariError as error:
        show_error(error)
    return None
