"""The table beside what can be said of its selected rows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components.labels.answers import answer_rows, find_unfinished
from app.components.labels.table import SHOW, choose_filter, choose_rows
from app.session import Work
from app.state import get_work, read_widget, write_widget
from app.views.labels import ALL, OPEN, Part, list_parts
from mari_engine import GraphInfo, Labels

_JUMP = "labels-jump"
_TO_TOP = "<script>document.getElementById('roles')?.scrollIntoView()</script>"


def edit_rows(work: Work, parts: Sequence[Part], info: GraphInfo) -> list[str]:
    """Draw table and answers; return what is not finished in the selected row."""
    if read_widget(_JUMP):
        write_widget(_JUMP, False)
        st.html(_TO_TOP, unsafe_allow_javascript=True)
    shown = choose_filter(parts)
    left, right = st.columns([5, 3])
    with left:
        chosen = choose_rows(work, shown, info)
    with right:
        answer_rows(work, chosen, info)
    problem = find_unfinished(work, chosen[0]) if len(chosen) == 1 else ""
    return [problem] if problem else []


def jump_to_input(name: str) -> None:
    """Select the rows of an input among all, and go there when the table is drawn next."""
    work = get_work()
    rows = list_parts(work.labels or Labels(), work.proposed)
    work.picked = tuple((part.input, part.at) for part in rows if part.input == name)[:1]
    work.revision += 1
    write_widget(SHOW, ALL)
    write_widget(_JUMP, True)


def jump_to_open() -> None:
    """Narrow the table to what is left to answer, and go there when it is drawn next."""
    write_widget(SHOW, OPEN)
    write_widget(_JUMP, True)
