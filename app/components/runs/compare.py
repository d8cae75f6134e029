"""What was confirmed and checked of this model so far: names, figures, and the way back."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_error
from app.services import find_run, go_back, rename_run
from app.session import LONGEST_NAME, Work
from app.state import get_work, read_widget
from app.views.runs import compare_runs
from mari_engine import MariError

_NAME = "run-name"


def show_runs(work: Work) -> None:
    """Draw the runs of the model side by side, once there is one."""
    if not work.runs:
        return
    shown = find_run(work)
    st.subheader("Runs of this model", anchor=False)
    st.caption(
        "Each time that confirmed labels pass their check, a run is noted with its labels, options"
        " and figures. Figures and files on all pages are those of the run that is shown."
    )
    st.dataframe(compare_runs(work.runs, shown), hide_index=True, height="content", key="runs")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        places = range(len(work.runs))
        at = st.selectbox(
            "Run",
            places,
            len(places) - 1 if shown is None else shown,
            lambda place: f"{place + 1} · {work.runs[place].name}",
            key=f"run-{shown}-{len(places)}",
            width=260,
        )
        _offer(work, at, is_shown=at == shown)


def _offer(work: Work, at: int, *, is_shown: bool) -> None:
    """Draw what can be done with one run: name it, go back to it, forget it."""
    key = f"{_NAME}-{at}"
    st.text_input(
        "Its name",
        work.runs[at].name,
        LONGEST_NAME,
        key=key,
        on_change=_rename,
        args=(at, key),
        width=260,
    )
    again = st.button(
        "Go back to it",
        icon=":material/restore:",
        key="run-back",
        disabled=is_shown,
        help="Its labels and options are confirmed again, and its check runs again",
    )
    if st.button("Forget it", icon=":material/delete:", key="run-forget", disabled=is_shown):
        del work.runs[at]
        st.rerun()
    if again:
        _go_back(work, at)


def _go_back(work: Work, at: int) -> None:
    try:
        go_back(work, at)
    except MariError as error:
        show_error(error)
        return
    st.rerun()


def _rename(at: int, key: str) -> None:
    work, name = get_work(), str(read_widget(key) or "").strip()
    if name and at < len(work.runs):
        rename_run(work, at, name)
