"""Saving and sharing: the link to what is shown, and the session file."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import streamlit as st

from app.components.feedback import show_error
from app.components.model import resume
from app.services import engine_cache
from app.session import LARGEST_FILE, Work, explain_lack, read_session, write_session
from app.state import get_work, read_shared_address, tell_page
from mari_engine import MariError


@st.fragment
def show_share() -> None:
    """Draw the button behind which link and session file are, on every page."""
    work = get_work()
    with st.container(key="share-row"):
        button = st.popover(
            "Share and save",
            icon=":material/share:",
            type="tertiary",
            key=f"share-{work.revision}",
            on_change="rerun",
        )  # fmt: skip - the key closes it when other work was taken up
    if not button.open:
        return
    with button:
        if work.opened is not None:
            _show_link(work)
            _offer_session(work)
        _take_session(work)


def _show_link(work: Work) -> None:
    st.markdown("**Link to this page**")
    lack = explain_lack(
        work, engine_cache.propose(work.opened) if work.opened is not None else None
    )
    if lack:
        st.caption(lack)
    else:
        _, place = tell_page()
        st.code(
            f"{place}?{urlencode(read_shared_address(), doseq=True)}",
            language=None,
            wrap_lines=True,
        )
        st.caption("It names the model and your choices, and holds no contents.")


def _offer_session(work: Work) -> None:
    st.markdown("**The whole work as a file**")
    page, _ = tell_page()
    stem = work.opened.model.name if work.opened is not None else "model"
    st.download_button(
        "Save session",
        partial(write_session, work, page=page, address=read_shared_address()),
        f"{stem}.session.json",
        "application/json",
        icon=":material/save:",
        on_click="ignore",
        key="session-save",
    )
    st.caption(
        "Labels, choices, certificate, benchmarks, load tests, notes and sign-offs; the model by"
        " its SHA-256."
    )


def _take_session(work: Work) -> None:
    file = st.file_uploader(
        "Open a session file",
        type="json",
        key=f"session-file-{work.revision}",
        max_upload_size=LARGEST_FILE >> 20,
    )
    if file is not None and st.button("Take it up", type="primary", key="session-open"):
        try:
            resume(work, read_session(file.getvalue()))
        except MariError as error:
            show_error(error)
