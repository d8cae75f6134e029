"""The review of one section: notes to add and settle, and the sign-off. One line on a page.

`show_review(work, Section.LAYOUT)` draws all of it. A new note is pinned to `about` at first; on
the Graph page, to the node that is selected, which its address tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import streamlit as st

from app.components.feedback import show_error
from app.components.review.say_form import Button, Subjects, ask
from app.services import find_seen, find_subjects
from app.session import Work
from app.state import get_work, read_address, tell_page
from app.views.review import (
    SUBJECTS,
    note_html,
    order_notes,
    review_rows,
    sign_off_html,
    sum_up_section,
)
from app.views.text import plain
from mari_engine import (
    MariError,
    Note,
    Review,
    Section,
    SectionOutcome,
    SignOff,
    Turn,
    sum_up_review,
)

MOST_SHOWN = 12
LONGEST_SUBJECT = 1000


def show_overview(work: Work) -> None:
    """Draw how the review of each section stands, and offer all of it as a file."""
    if work.review is None:
        return
    outcomes = sum_up_review(work.review, work.review.model, find_seen(work))
    st.dataframe(review_rows(outcomes), hide_index=True, height="content")
    st.download_button(
        "review.json",
        json.dumps(work.review.to_json(), indent=2) + "\n",
        "review.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        help="For `mari report DIR --review review.json`",
        key="review-save",
    )


def show_review(work: Work, section: Section, *, about: str = "", title: str = "Review") -> None:
    """Draw what was said of a section, and let more be said; nothing before a model is open."""
    if work.review is not None:
        _panel(section, about, title)


@st.fragment
def _panel(section: Section, about: str, title: str) -> None:
    work = get_work()
    if work.review is None:
        return
    review, seen = work.review, find_seen(work)
    outcomes = sum_up_review(review, review.model, seen)
    outcome = next(one for one in outcomes if one.section == section)
    said = [note.section for note in review.open_notes] + [s.section for s in review.sign_offs]
    try:
        with st.expander(
            f"{title}: {plain(sum_up_section(outcome))}",
            expanded=section in said,
            icon=":material/rate_review:",
            key=f"review-{section}",
        ):
            notes, signing = st.columns([3, 2], gap="large")
            with notes:
                st.markdown("**Notes**")
                made = _show_notes(work, review, section)
                made = _offer_note(work, review, section, about or _find_selected(section)) or made
            with signing:
                st.markdown("**Sign-off**")
                made = _show_sign_offs(work, review, outcome) or made
                made = _offer_sign_off(work, review, section, seen) or made
    except MariError as error:
        show_error(error)
        return
    if made is not None:
        work.review = made
        st.rerun()  # the whole page: other parts of it count notes


def _find_selected(section: Section) -> str:
    node = read_address().get("node", [""])[-1] if section == Section.DECISIONS else ""
    return node if len(node) <= LONGEST_SUBJECT else ""


def _show_notes(work: Work, review: Review, section: Section) -> Review | None:
    places = order_notes(review, section)
    if not places:
        st.caption("None yet. A note stays open until somebody settles it, and is never deleted.")
    shown = places[:MOST_SHOWN]
    if len(places) > MOST_SHOWN and st.toggle(
        f"Show all {len(places):,} notes", key=f"all-notes-{section}"
    ):
        shown = places
    made = None
    for at in shown:
        note = review.notes[at]
        with st.container(horizontal=True, vertical_alignment="top"):
            st.html(note_html(note))
            if note.about and section == Section.DECISIONS and tell_page()[0] != "graph":
                st.page_link(
                    "pages/graph.py",
                    label="In the graph",
                    icon=":material/account_tree:",
                    query_params={"node": note.about},
                )
            verb = "Reopen" if note.is_resolved else "Settle"
            said = ask(work, Button(verb, f"turn-{at}-{len(note.turns)}"), what="Answer")
        if said is not None:
            made = review.turn(at, Turn(not note.is_resolved, said.by, said.text))
    return made


def _offer_note(work: Work, review: Review, section: Section, about: str) -> Review | None:
    subjects = find_subjects(work, section)
    said = ask(
        work,
        Button("Add a note", f"note-{section}-{len(review.notes)}", ":material/add_comment:"),
        what="Note",
        needed=True,
        subjects=Subjects(
            f"{SUBJECTS[section]}, or the whole section",
            [about, *subjects] if about and about not in subjects else subjects,
            about,
        ),
    )
    return None if said is None else review.add(Note(section, said.about, said.text, said.by))


def _show_sign_offs(work: Work, review: Review, outcome: SectionOutcome) -> Review | None:
    if not outcome.sign_offs:
        st.caption("Nobody has signed this section off.")
    made = None
    for signed in reversed(outcome.sign_offs):
        at = next(at for at, one in enumerate(review.sign_offs) if one is signed.sign_off)
        with st.container(horizontal=True, vertical_alignment="top"):
            st.html(sign_off_html(signed))
            if signed.sign_off.withdrawn is None:
                said = ask(work, Button("Withdraw", f"withdraw-{at}"))
                made = made if said is None else review.withdraw(at, said.by)
    return made


def _offer_sign_off(
    work: Work, review: Review, section: Section, seen: Mapping[Section, str]
) -> Review | None:
    if section not in seen:
        st.caption(f"Nothing to sign yet: {section.heading.lower()} is still to come.")
        return None
    said = ask(
        work,
        Button(
            "Sign off",
            f"sign-{section}-{len(review.sign_offs)}",
            ":material/draw:",
            "You accept this section as it stands now. Should it change, the sign-off is shown as"
            " outdated. Names are not checked.",
        ),
        what="Remark",
    )
    if said is None:
        return None
    return review.sign(SignOff(section, said.by, seen[section], said.text))
