"""A form behind a button: what somebody says, with a name and a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from app.components.feedback import show_error
from app.session import Work
from mari_engine import ReviewError, Stamp

LONGEST_TEXT = 4000
LONGEST_NAME = 120


@dataclass(frozen=True)
class Button:
    """The button that opens a form; its key is used until something was sent."""

    verb: str
    key: str
    icon: str | None = None
    help: str = ""


@dataclass(frozen=True)
class Subjects:
    """What a text can be about, and which of it is chosen at first."""

    prompt: str
    names: Sequence[str]
    chosen: str = ""


@dataclass(frozen=True)
class Said:
    """What was said, by whom, and what about."""

    by: Stamp
    text: str
    about: str


def ask(
    work: Work,
    button: Button,
    *,
    what: str = "",
    needed: bool = False,
    subjects: Subjects | None = None,
) -> Said | None:
    """Draw the button, and the form while it is open; return what was sent.

    `what` names the text, `needed` when it must not be empty.
    """
    verb, key = button.verb, button.key
    popover = st.popover(verb, icon=button.icon, key=key, width="content", on_change="rerun")
    if not popover.open:
        return None
    with popover:
        if button.help:
            st.caption(button.help)
        with st.form(f"{key}-form", border=False, enter_to_submit=False):
            about = _choose_subject(subjects, f"{key}-about") if subjects is not None else ""
            text = st.text_area(what, max_chars=LONGEST_TEXT, key=f"{key}-text") if what else ""
            left, right = st.columns(2)
            name = left.text_input("Name", work.reviewer, LONGEST_NAME, key=f"{key}-name")
            today = date.today().isoformat()
            day = right.text_input("Date", today, LONGEST_NAME, key=f"{key}-date")
            sent = st.form_submit_button(verb, type="primary", key=f"{key}-send")
        return _read(work, name, day, text, about, needed) if sent else None


def _choose_subject(subjects: Subjects, key: str) -> str:
    names = list(dict.fromkeys(["", *subjects.names]))
    return st.selectbox(
        subjects.prompt,
        names,
        names.index(subjects.chosen),
        lambda name: name or "The whole section",
        key=key,
    )


def _read(work: Work, name: str, day: str, text: str, about: str, needed: bool) -> Said | None:
    try:
        by = Stamp(name.strip(), day.strip())
        if needed and not text.strip():
            raise ReviewError("review: the note is empty; fill it in")
    except ReviewError as error:
        show_error(error)
        return None
    work.reviewer = by.name
    return Said(by, text.strip(), about)
