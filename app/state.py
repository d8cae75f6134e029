"""This browser session's work; the only module that touches `st.session_state`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.fragment import FragmentStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionState

from app.session import UPLOADS, VISITS, Work

_WORK = "work"
_PAGE = "page"
_PAGES = Path(__file__).parent / "pages"
TOKEN = "work"
"""The parameter of the address that leads back to the work itself, not to what it was made from."""
_RESERVED = ("embed", "embed_options", _PAGE, TOKEN)
_LOOKS = 10
_LOOK = 0.1
"""Seconds between two looks at whether the page that was reloaded has gone."""


def begin() -> bool:
    """Return True, with new work, on a session's first run; else False.

    Where the visitor was here a moment ago, and reloaded the page, the work goes on as it is.
    """
    if _WORK in st.session_state:
        return False
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        st.session_state[_WORK] = Work()
        return True
    back = _take_back(read_token())
    work = st.session_state[_WORK] = back or Work()
    held = context.session_state._state, context.fragment_storage
    VISITS.begin(context.session_id, work, partial(forget_visit, *held))
    return back is None


def _take_back(token: str) -> Work | None:
    """Return the work of this token where no page shows it any more."""
    server = runtime.get_instance()
    for _ in range(_LOOKS):
        found = VISITS.take(token, server.is_active_session)
        if found is not None or not VISITS.has(token):
            return found
        time.sleep(_LOOK)
    return None


def read_token() -> str:
    """Return the token of kept work that the address names; "" for none."""
    texts = st.query_params.get_all(TOKEN)
    return texts[-1] if texts else ""


def claim(token: str) -> str:
    """Return the token of kept work if this page may go on under it, "" if another one shows it.

    A page that was left gives it up: else both would write over each other's work.
    """
    if token and runtime.exists():
        left = VISITS.take(token, runtime.get_instance().is_active_session)
        if left is not None:
            left.close()
    return "" if VISITS.has(token) else token


def forget_visit(state: SessionState, fragments: FragmentStorage) -> None:
    """Empty the memory of a session that ended: Streamlit keeps the last one until the next begins.

    Widgets and fragments hold the functions that they call, and so models.
    """
    fragments.clear()
    empty = SessionState()
    for field in fields(state):
        setattr(state, field.name, getattr(empty, field.name))


def get_work() -> Work:
    """Return this session's work.

    Where there is none, the page was asked for by its address before the app ever ran: Streamlit
    then draws the page alone, so the app is begun instead.
    """
    if _WORK not in st.session_state:
        asked = (st.context.url or "").rstrip("/").rpartition("/")[2]
        st.switch_page("visit.py", query_params={**read_address(), _PAGE: asked})
    work: Work = st.session_state[_WORK]
    return work


def read_address() -> dict[str, list[str]]:
    """Return the parameters of the address that the page was asked for by."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def read_shared_address() -> dict[str, list[str]]:
    """Return the parameters that a link for others has: without what leads to the work itself."""
    return {name: texts for name, texts in read_address().items() if name != TOKEN}


def write_address(parameters: Mapping[str, Sequence[str]], *, own: Sequence[str]) -> None:
    """Make these the address's parameters among `own`; those of widgets stay as they are."""
    wanted = {name: list(parameters.get(name, ())) for name in own}
    for name in own:
        if name in st.query_params and not wanted[name]:
            del st.query_params[name]
    changed = {
        name: texts
        for name, texts in wanted.items()
        if texts and st.query_params.get_all(name) != texts
    }
    if changed:  # all at once: each change goes to the browser
        st.query_params.update(changed)


def turn_to_asked(pages: Sequence[StreamlitPage]) -> None:
    """Go on to the page that was asked for before the app ever ran, if one was."""
    asked = read_address()
    for page in pages:
        if asked.get(_PAGE) == [page.url_path]:
            st.switch_page(page, query_params={k: v for k, v in asked.items() if k != _PAGE})
    st.query_params.pop(_PAGE, None)


def turn_to(page: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Go to the page of this name, with this address; where there is none, to the first page."""
    known = page.isidentifier() and (_PAGES / f"{page}.py").is_file()
    asked = {name: list(texts) for name, texts in parameters.items() if name not in _RESERVED}
    st.switch_page(f"pages/{page if known else 'model'}.py", query_params=asked)


def tell_page() -> tuple[str, str]:
    """Return the name of the page that is shown, and its address without parameters."""
    address = (st.context.url or "").rstrip("/")
    name = address.rpartition("/")[2]
    return (name if (_PAGES / f"{name}.py").is_file() else "model"), address


def read_widget(key: str) -> Any:
    """Return what the widget with this key, or `write_widget`, last said; None before that."""
    return st.session_state.get(key)


def write_widget(key: str, value: object) -> None:
    """Set what the widget with this key says; to be called before it is drawn in a run."""
    st.session_state[key] = value


def make_folder() -> Path:
    """Return a new folder that lives as long as this session's work does."""
    folder = Path(tempfile.mkdtemp(prefix="mari-"))
    get_work().folders.append(folder)
    return folder


def drop_uploads(files: Sequence[Any]) -> None:
    """Give back the memory of uploaded files that were taken over."""
    context = get_script_run_ctx()
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)
    if context is not None and remove is not None:
        for file in files:
            remove(context.session_id, file.file_id)
            UPLOADS.release(context.session_id, file.file_id)
