"""This browser session's work; the only module that touches `st.session_state`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import streamlit as st

from app.work import Work

_WORK = "work"


def begin() -> bool:
    """Return True, with new work, on a session's first run; else False."""
    if _WORK in st.session_state:
        return False
    st.session_state[_WORK] = Work()
    return True


def get_work() -> Work:
    """Return this session's work.

    Where there is none, the page was asked for by its address before the app ever ran: Streamlit
    then draws the page alone, so the app is begun instead.
    """
    if _WORK not in st.session_state:
        st.switch_page("main.py")
    work: Work = st.session_state[_WORK]
    return work


def is_drawn(key: str) -> bool:
    """Return True when the widget with this key was on the page in the last run."""
    return key in st.session_state


def read_widget(key: str) -> Any:
    """Return what the widget with this key, or `write_widget`, last said; None before that."""
    return st.session_state.get(key)


def write_widget(key: str, value: object) -> None:
    """Set what the widget with this key says; to be called before it is drawn in a run."""
    st.session_state[key] = value


def make_folder() -> Path:
    """Return a new folder that lives as long as this session's work does."""
    folder = Path(tempfile.mkdtemp(prefix="mari-"))
    weakref.finalize(get_work(), shutil.rmtree, folder, ignore_errors=True)
    return folder
