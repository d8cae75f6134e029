"""Work that is kept: told to the browser, offered where the same model is opened again."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components.browser.script import run_script
from app.components.feedback import show_error
from app.components.model import take_back
from app.services import find_kept, is_begun, is_kept
from app.session import Session, Work
from app.state import read_widget
from app.views.text import count, plain
from mari_engine import MariError

_SCRIPT = "kept_work"


def watch_work(work: Work) -> None:
    """Tell the browser how the work stands; it warns before what is not kept is left."""
    if work.opened is None:
        return
    data = {
        "sha256": work.opened.model.sha256,
        "token": work.token,
        "kept": is_kept(work),
        "unsaved": work.unkept != "" or _is_measuring(work),
        "earlier": _read_earlier(),
    }
    run_script(_SCRIPT, data, on_earlier_change=lambda: None)
    if work.unkept:
        st.warning(plain(work.unkept), icon=":material/cloud_off:")
    if not is_begun(work):
        _offer_earlier(work)


def _is_measuring(work: Work) -> bool:
    """Return True while something runs that does not begin again by itself."""
    jobs = (work.benchmark, work.parts, work.nodes)
    return any(job is not None and job.active for job in jobs)


def _offer_earlier(work: Work) -> None:
    """Draw the offer to go on with what this browser's visitor did with the same model before."""
    token = _read_earlier()
    session = find_kept(token) if token not in ("", work.token) else None
    if session is None or work.opened is None or session.sha256 != work.opened.model.sha256:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="earlier-work"):
        st.info(
            f"Your work of {plain(session.saved)} on this model is kept: {_sum_up(session)}."
            " If you start anew, it gives way to what you do now.",
            icon=":material/history:",
        )
        if st.button("Take it up", type="primary", key="earlier-take"):
            try:
                take_back(work, session, work.opened, token)
            except MariError as error:
                show_error(error)
                return
            st.rerun()


def _sum_up(session: Session) -> str:
    words = ["labels confirmed" if session.confirmed else "labels not confirmed"]
    for number, noun in ((len(session.runs), "run"), (len(session.review.notes), "note")):
        words += [count(number, noun)] if number else []
    return ", ".join(words)


def _read_earlier() -> str:
    said = read_widget(_SCRIPT)
    found = said.get("earlier") if isinstance(said, Mapping) else ""
    return found if isinstance(found, str) else ""
