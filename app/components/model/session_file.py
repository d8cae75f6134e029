"""A session file that is taken up: at once where its model is at hand, else once it is opened."""

from __future__ import annotations

import streamlit as st

from app.components.model.picker import upload_key
from app.services import engine_cache, find_model, take_up
from app.session import Opened, Session, Work
from app.state import drop_uploads, read_widget, turn_to, write_widget
from app.views.text import plain

_WAITING = "waiting-session"


def resume(work: Work, session: Session) -> None:
    """Take the session up, and go to its page; where its model is not at hand, ask for it."""
    opened = find_model(session)
    if opened is None:
        write_widget(_WAITING, session)
        turn_to("model", {})
        return
    take_up(work, session, opened)
    write_widget(_WAITING, None)
    turn_to(session.page, session.address)


def open_picked(work: Work, picked: Opened) -> None:
    """Open a model that was picked, or go on with the session that waits for it; MariError."""
    session, uploader = _find_waiting(), upload_key(work)
    if session is None:
        work.open(picked, engine_cache.propose(picked))
    else:
        take_up(work, session, picked)
    drop_uploads(read_widget(uploader) or ())  # they are on the disk by now
    if session is None:
        return
    write_widget(_WAITING, None)
    turn_to(session.page, session.address)


def show_waiting() -> None:
    """Draw which model a session file waits for, until it is opened or the file is forgotten."""
    session = _find_waiting()
    if session is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"The session file is about **{plain(session.name)}**, SHA-256"
            f" `{plain(session.sha256[:16])}…`, which is not at hand. Open that file below.",
            icon=":material/hourglass_top:",
        )
        if st.button("Forget the session", key="forget-session"):
            write_widget(_WAITING, None)
            st.rerun()


def _find_waiting() -> Session | None:
    found = read_widget(_WAITING)
    return found if isinstance(found, Session) else None
