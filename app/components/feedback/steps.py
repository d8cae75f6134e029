"""Links to the next step, reasons why it is blocked, errors, and the command that does the same."""

from __future__ import annotations

import streamlit as st

from app.session import Opened
from app.state import get_work
from app.views.header import SAMPLES_COMMAND
from app.views.text import plain


def show_next(page: str, label: str, *, blocked: str = "") -> None:
    """Draw the link to the next step; disabled, with the reason, while it is blocked."""
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if blocked:
            st.caption(blocked, width="content")
        st.page_link(
            page,
            label=f"Next: {label}",
            icon=":material/arrow_forward:",
            icon_position="right",
            disabled=bool(blocked),
        )


def show_missing(reason: str, *, page: str, label: str) -> None:
    """Draw what has to be done before this page has anything to show."""
    with st.container(border=True, horizontal_alignment="center", key="missing"):
        st.markdown(f"#### {plain(reason)}", width="content")
        st.page_link(page, label=label, icon=":material/arrow_back:")


def show_command(opened: Opened, command: str, *, then: str = "") -> None:
    """Draw the command that does the same as this page, on the model as it was opened.

    Samples have to be written first; `then` is a command that may follow.
    """
    asks = "--labels labels.json" in command
    export = " (`labels.json` is the Labels step's export)" if asks else ""
    st.caption(f"The same on the command line{export}")
    first = f"{SAMPLES_COMMAND}\n" if opened.sample else ""
    last = " --free-batch" if opened.free_batch else ""
    more = f"\n{then}" if then else ""
    st.code(first + command + last + more, language="bash", wrap_lines=True)


def show_error(error: Exception) -> None:
    """Draw an error of the engine in one line."""
    st.error(plain(get_work().tell(str(error))), icon=":material/error:")
