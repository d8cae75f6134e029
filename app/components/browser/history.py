"""The browser's history: one entry for each page that was visited."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st


def keep_history() -> None:
    """Let changes of a page's parameters replace its entry instead of adding one."""
    with st.container(key="browser-history"):
        _component()(key="history-entries")


@cache
def _component() -> Any:
    script = files("app.components.browser") / "assets" / "history_entries.js"
    return st.components.v2.component("mari_history", js=script.read_text(encoding="utf-8"))
