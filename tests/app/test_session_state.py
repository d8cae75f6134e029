"""Only app.state touches Streamlit's session state: everything else is handed the work."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

import app
from app.session import Work
from app.state import forget_visit

APP = Path(app.__file__).parent


def test_only_one_module_touches_session_state() -> None:
    users = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if "session_state" in path.read_text(encoding="utf-8")
    }
    assert users == {"state.py"}


def draw(works: list[object], kept: list[object]) -> None:  # its text is run as a script of its own
    from functools import partial

    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    work = works.pop()
    st.session_state["work"] = work
    st.button("Go", key="go", on_click=partial(print, work))
    st.fragment(print)(work)
    context = get_script_run_ctx()
    if context is not None:
        kept += [context.session_state._state, context.fragment_storage]


def test_nothing_that_widgets_and_fragments_hold_outlives_a_session() -> None:
    works, kept = [Work()], list[Any]()
    held = weakref.ref(works[0])
    run = AppTest.from_function(draw, args=(works, kept)).run()
    assert not run.exception
    del run
    gc.collect()
    assert held() is not None
    forget_visit(*kept)
    gc.collect()
    assert held() is None
