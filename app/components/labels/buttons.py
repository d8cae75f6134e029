"""Buttons that change labels: each click counts once, for the labels that it was shown beside."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app.state import get_work


def draw_change(label: str, *, key: str, **how: Any) -> bool:
    """Draw a button that changes the labels; return True in the run that is to do so.

    Streamlit shows a script a click again where another interrupted its run, and calls back once
    for each. A click on labels that have changed since is none: it would undo a confirmation.
    """
    work = get_work()
    st.button(label, key=key, on_click=partial(_note, key, work.revision), **how)
    return work.clicks.pop(key, None) == work.revision


def _note(key: str, shown: int) -> None:
    get_work().clicks[key] = shown
