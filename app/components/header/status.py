"""The state of the work, on every page; it keeps itself up to date while work runs."""

from __future__ import annotations

import streamlit as st

from app.session import Work
from app.views.header import status_html, tell_unconfirmed
from app.views.labels import lacks_candidates
from app.views.text import plain

SECONDS = 0.7
NO_CANDIDATES = (
    "Every input is labelled as the request's, so that all candidates of a request get one score:"
    " right for a user tower, wrong for a ranking model."
)


def show_status(work: Work) -> None:
    """Draw how the model, labels, check and benchmark stand."""
    active = any(job is not None and job.active for job in (work.check, work.benchmark))
    st.fragment(_strip, run_every=SECONDS if active else None)(work, active)
    if work.check is not None and work.check.state == "failed":
        st.error(plain(work.tell(work.check.error)), icon=":material/error:")
    if work.revoked:
        st.error(plain(work.revoked), icon=":material/gpp_bad:")
    if changed := tell_unconfirmed(work):
        st.warning(plain(changed), icon=":material/rule:")
    if work.confirmed is not None and lacks_candidates(work.confirmed):
        st.warning(plain(NO_CANDIDATES), icon=":material/warning:")


def _strip(work: Work, was_active: bool) -> None:
    st.html(status_html(work))
    active = any(job is not None and job.active for job in (work.check, work.benchmark))
    if was_active and not active:
        st.rerun()


def show_notice(work: Work) -> None:
    """Draw what is to be known of work that was brought back, until it was seen."""
    if work.notice:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(plain(work.notice), icon=":material/info:")
            if st.button("Close", key="notice-close"):
                work.notice = ""
                st.rerun()
