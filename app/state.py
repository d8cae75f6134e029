"""This browser session's work; the only module that touches `st.session_state`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

import streamlit as st

from app.work import Work

_WORK = "work"


def get_work() -> Work:
    """Return this session's work, begun on the first call."""
    if _WORK not in st.session_state:
        st.session_state[_WORK] = Work()
    work: Work = st.session_state[_WORK]
    return work


def is_new() -> bool:
    """Return True on a session's first run."""
    return _WORK not in st.session_state


def is_drawn(key: str) -> bool:
    """Return True when the widget with this key was on the page in the last run."""
    return key in st.session_state


def make_folder() -> Path:
    """Return a new folder that lives as long as this session's work does."""
    folder = Path(tempfile.mkdtemp(prefix="mari-"))
    weakref.finalize(get_work(), shutil.rmtree, folder, ignore_errors=True)
    return folder
