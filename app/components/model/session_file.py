"""A session file that is taken up: at once where its model is at hand, else once it is opened."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.components.model.picker import upload_key
from app.services import engine_cache, find_kept, find_model, take_up
from app.session import Opened, Session, Work
from app.state import claim, drop_uploads, read_widget, turn_to, write_widget
from app.views.text import plain
from mari_engine import MariError

_WAITING = "waiting-session"


@dataclass(frozen=True)
class _Waiting:
    """A session that waits for its model."""

    session: Session
    token: str = ""
    """Under which it was kept; "" for a file."""


def resume(work: Work, session: Session) -> None:
    """Take the session up, and go to its page; where its model is not at hand, ask for it."""
    opened = find_model(session)
    if opened is None:
        write_widget(_WAITING, _Waiting(session))
        turn_to("model", {})
        return
    take_up(work, session, opened)
    write_widget(_WAITING, None)
    turn_to(session.page, session.address)


def bring_back(work: Work, token: str) -> bool:
    """Bring back the work that is kept under a token, on the page that is shown.

    Return False where there is none. Where its model is not at hand, it is asked for.
    """
    session = find_kept(token) if token else None
    if session is None:
        return False
    opened = find_model(session)
    if opened is None:
        write_widget(_WAITING, _Waiting(session, token))
        return True
    try:
        take_back(work, session, opened, token)
    except MariError as error:
        work.notice = f"The kept work cannot be taken up: {error}"
        return False
    return True


def take_back(work: Work, session: Session, opened: Opened, token: str) -> None:
    """Take up what is kept under a token, "" for a session file; MariError where that fails.

    Where another page shows the same work, this is a copy, which goes on by itself.
    """
    own = claim(token)
    take_up(work, session, opened, token=own)
    if own != token:
        work.notice += " It is open on another page, too: this is a copy, kept by itself."


def open_picked(work: Work, picked: Opened) -> None:
    """Open a model that was picked, or go on with the session that waits for it; MariError."""
    waiting, uploader = _find_waiting(), upload_key(work)
    if waiting is None:
        work.open(picked, engine_cache.propose(picked))
    else:
        take_back(work, waiting.session, picked, waiting.token)
    drop_uploads(read_widget(uploader) or ())  # they are on the disk by now
    if waiting is None:
        return
    write_widget(_WAITING, None)
    turn_to(waiting.session.page, waiting.session.address)


def show_waiting() -> None:
    """Draw which model a session file waits for, until it is opened or the file is forgotten."""
    waiting = _find_waiting()
    if waiting is None:
        return
    session = waiting.session
    whence = f"Your work of {plain(session.saved)}" if waiting.token else "The session file"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"{whence} is about **{plain(session.name)}**, SHA-256"
            f" `{plain(session.sha256[:16])}…`, which is not at hand. Open that file below.",
            icon=":material/hourglass_top:",
        )
        if st.button("Forget the session", key="forget-session"):
            write_widget(_WAITING, None)
            st.rerun()


def _find_waiting() -> _Waiting | None:
    found = read_widget(_WAITING)
    return found if isinstance(found, _Waiting) else None
