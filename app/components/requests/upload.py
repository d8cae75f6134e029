"""Requests of the user's own: learnt from before labels are confirmed, checked with afterwards."""

from __future__ import annotations

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_command, show_error
from app.services import (
    compare_requests,
    forget_requests,
    take_compared,
    take_requests,
)
from app.session import REQUEST, Work, count_vouchers, without_folder
from app.state import drop_uploads, make_folder
from app.views.header import labels_command
from app.views.labels import tell_comparison
from app.views.text import count, plain

MOST_MEGABYTES = 256


def offer_requests(work: Work) -> None:
    """Draw the upload and what was uploaded; its button learns from requests, or checks again."""
    title = "Let logged requests answer"
    if work.confirmed is not None:
        title = "Check with requests of your own"
    with st.expander(
        title, icon=":material/playlist_add_check:", expanded=bool(work.requests or work.comparison)
    ):
        st.caption(
            "What differs among the candidates of one request is per candidate, beyond doubt. One"
            " user a file; a request that contradicts a confirmed label revokes the check."
        )
        _list_known(work)
        with st.form("requests", border=False, clear_on_submit=True):
            files = st.file_uploader(
                "Request files (.npz): one array for each input of the original model, named alike",
                type="npz",
                accept_multiple_files=True,
                max_upload_size=MOST_MEGABYTES,
            )
            with st.container(horizontal=True):
                verb = "Check again" if work.confirmed is not None else "Learn from them"
                sent = st.form_submit_button(verb, icon=":material/verified:")
                compared = work.confirmed is None and st.form_submit_button(
                    "Compare with the labels",
                    icon=":material/difference:",
                    help="Says what the requests contradict and what they would answer; no label"
                    " changes",
                )
        _show_comparison(work)
        if not (sent or compared) or work.opened is None:
            return
        folder = make_folder()
        try:
            (take_requests if sent else compare_requests)(work, files, folder)
        except mari.MariError as error:
            show_error(mari.FeedError(without_folder(str(error), folder)))
            return
        finally:
            drop_uploads(files)  # what was taken is on the disk by now
        st.rerun()


def _show_comparison(work: Work) -> None:
    """Draw what requests say of the labels, while these stand as they were compared."""
    compared = work.comparison
    if compared is None or compared.labels != work.labels or work.confirmed is not None:
        return
    with st.container(border=True, key="requests-compared"):
        st.markdown(
            f"**{plain(', '.join(compared.names))}**, held against the labels as they stand:"
        )
        st.markdown("\n".join(f"- {plain(text)}" for text in tell_comparison(compared)))
        if st.button("Let them answer", key="requests-take", icon=":material/verified:"):
            take_compared(work)
            st.rerun()


def _list_known(work: Work) -> None:
    """Draw which requests are at hand, what they settle, and how to forget them."""
    if not work.requests or work.opened is None or work.labels is None:
        return
    settled = count_vouchers(work.labels).get(REQUEST, 0)
    names = [path.name for path in work.requests]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(', '.join(names))}**: {count(settled, 'label')} vouched for by requests.",
            width="content",
        )
        if st.button("Forget them", key="requests-forget"):
            forget_requests(work)
            st.rerun()
    show_command(work.opened, labels_command(work.opened.path, names))
